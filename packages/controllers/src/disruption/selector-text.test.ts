import { expect, test } from 'vitest';
import { goSelectorText } from './selector-text.ts';

test.each([
  [undefined, '&LabelSelector{MatchLabels:map[string]string{},MatchExpressions:[]LabelSelectorRequirement{},}'],
  [
    { matchLabels: { tier: 'b', app: 'web' } },
    '&LabelSelector{MatchLabels:map[string]string{app: web,tier: b,},MatchExpressions:[]LabelSelectorRequirement{},}',
  ],
  [
    { matchExpressions: [{ key: 'app', operator: 'In', values: ['a', 'b'] }] },
    '&LabelSelector{MatchLabels:map[string]string{},MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:app,Operator:In,Values:[a b],},},}',
  ],
])('a selector as Go prints it', (selector, text) => {
  expect(goSelectorText(selector)).toBe(text);
});
