import type { PolicyRule } from '@orrery/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AccessRule } from '../authorizer.ts';
import { uncoveredRules } from './covering.ts';
import { RuleIndex } from './rule-index.ts';

const count = 2000;
const single = (i: number) => ({ verbs: ['get'], apiGroups: [''], resources: [`r${i}`], resourceNames: [] });

test('each of thousands of rules is compared with those that may allow it', () => {
  const owned: AccessRule[] = [
    ...Array.from({ length: count }, (_, i) => single(i)),
    { verbs: ['list'], apiGroups: ['*'], resources: ['*'], resourceNames: [] },
    { verbs: ['get'], nonResourceURLs: ['/healthz'] },
  ];
  const index = new RuleIndex(owned);
  const found = owned.map((rule) => index.candidates(rule as PolicyRule).length);
  expect(found.reduce((sum, each) => sum + each, 0)).toBeLessThan(4 * count);
  expect(uncoveredRules(owned, owned as PolicyRule[])).toEqual([]);
  expect(uncoveredRules(owned, [single(count)])).toEqual([
    { verbs: ['get'], apiGroups: [''], resources: [`r${count}`] },
  ]);
});

const some = (...values: string[]) => fc.subarray(values, { minLength: 1 });
const rules: fc.Arbitrary<AccessRule> = fc.oneof(
  fc.record({
    verbs: some('get', 'list', '*'),
    apiGroups: some('', 'apps', '*'),
    resources: some('pods', 'pods/log', 'nodes', '*', '*/log'),
    resourceNames: fc.subarray(['a', 'b']),
  }),
  fc.record({ verbs: some('get', 'list', '*'), nonResourceURLs: some('/a', '/a/*', '*') }),
);
/** Rules that allow nothing of what is asked for, so that there are too many to compare all. */
const padding = Array.from({ length: 40 }, (_, i) => ({ ...single(i), verbs: ['none'], resourceNames: ['none'] }));

const text = ({ verbs, ...what }: PolicyRule) => JSON.stringify({ ...what, verbs: [...verbs].sort() });

test('what many rules lack is what those among them that matter lack', () => {
  fc.assert(
    fc.property(fc.array(rules, { maxLength: 5 }), rules, (owned, wanted) => {
      const asked = wanted as PolicyRule;
      const lacking = (held: readonly AccessRule[]) => new Set(uncoveredRules(held, [asked]).map(text));
      expect(lacking([...owned, ...padding])).toEqual(lacking(owned));
    }),
  );
});
