import { describe, expect, test } from 'vitest';
import { deepFreeze } from '../object.ts';
import { StatusError } from '../status.ts';
import { everything, formatLabelSelector, labelSelectorMatcher, labelsMatcher, parseLabelSelector } from './index.ts';

describe('a label selector matches', () => {
  test.each([
    ['', {}, true],
    ['app', { app: '' }, true],
    ['app', {}, false],
    ['!app', {}, true],
    ['!app', { app: 'web' }, false],
    ['app=web', { app: 'web' }, true],
    ['app==web', { app: 'web' }, true],
    ['app=web', { app: 'db' }, false],
    ['app=', { app: '' }, true],
    ['app=', {}, false],
    ['app!=web', { app: 'db' }, true],
    ['app!=web', {}, true],
    ['app!=web', { app: 'web' }, false],
    ['app in (web, db)', { app: 'db' }, true],
    ['app in (web,db)', {}, false],
    ['app in ()', { app: '' }, true],
    ['app in (web,)', { app: '' }, true],
    ['app notin (web,db)', {}, true],
    ['app notin (web,db)', { app: 'db' }, false],
    ['in in (in)', { in: 'in' }, true],
    ['size>3', { size: '4' }, true],
    ['size>3', { size: '3' }, false],
    ['size<3', { size: '-4' }, true],
    ['size>3', { size: 'big' }, false],
    ['size>3', {}, false],
    ['size>3', { size: '99999999999999999999' }, false],
    ['app=web,tier!=back', { app: 'web', tier: 'front' }, true],
    ['app=web,tier!=back', { app: 'web', tier: 'back' }, false],
    ['constructor', {}, false],
    ['example.com/role=x', { 'example.com/role': 'x' }, true],
  ])('%s on %j: %s', (text, labels, matches) => {
    expect(parseLabelSelector(text).matches(labels as { [key: string]: string })).toBe(matches);
  });

  test('missing labels match like empty ones', () => {
    expect(parseLabelSelector('!app').matches(undefined)).toBe(true);
    expect(parseLabelSelector('app').matches(undefined)).toBe(false);
  });
});

describe('a label selector is written', () => {
  test.each([
    ['b=1,a=2', 'a=2,b=1'],
    ['a in (z,y,z)', 'a in (y,z)'],
    ['  a  notin ( , x ) ', 'a notin (,x)'],
    ['!b,a', 'a,!b'],
    ['a==1,b!=2', 'a==1,b!=2'],
    ['a > 1,b < 2', 'a>1,b<2'],
    ['a in ()', 'a in ()'],
    ['', ''],
  ])('%s as %s', (source, text) => {
    expect(parseLabelSelector(source).text).toBe(text);
  });
});

describe('a label selector is refused', () => {
  test.each([
    [',', "found ',', expected: !, identifier, or 'end of string'"],
    ['a,', "found '', expected: identifier after ','"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a=b c', "found 'c', expected: ',' or 'end of string'"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a in (=', "unable to parse requirement: found '=', expected: ',', ')' or identifier"],
    ['a=(', "unable to parse requirement: found '(', expected: identifier"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    [
      'a>b',
      "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer",
    ],
    ['/a', 'unable to parse requirement: <nil>: Invalid value: "/a": prefix part must be non-empty'],
    [
      'a=-b',
      "unable to parse requirement: values[0][a]: Invalid value: \"-b\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ],
  ])('%s', (text, message) => {
    expect(() => parseLabelSelector(text)).toThrow(
      expect.objectContaining({ message, status: expect.objectContaining({ code: 400, reason: 'BadRequest' }) }),
    );
    expect(() => parseLabelSelector(text)).toThrow(StatusError);
  });
});

describe('a LabelSelector object', () => {
  test('that is absent matches nothing, and an empty one everything', () => {
    expect(labelSelectorMatcher(undefined).matches({ a: 'b' })).toBe(false);
    expect(labelSelectorMatcher(null).matchesNothing).toBe(true);
    expect(labelSelectorMatcher({}).matches({ a: 'b' })).toBe(true);
    expect(labelSelectorMatcher({}).matches(undefined)).toBe(true);
  });

  const selector = {
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'tier', operator: 'In', values: ['front', 'back'] },
      { key: 'old', operator: 'DoesNotExist' },
      { key: 'rank', operator: 'Exists' },
      { key: 'zone', operator: 'NotIn', values: ['x'] },
    ],
  } as const;

  test('joins its labels and expressions with "and"', () => {
    const matcher = labelSelectorMatcher(structuredClone(selector) as never);
    expect(matcher.matches({ app: 'web', tier: 'back', rank: '' })).toBe(true);
    expect(matcher.matches({ app: 'web', tier: 'back', rank: '', zone: 'x' })).toBe(false);
    expect(matcher.matches({ app: 'web', tier: 'back', rank: '', old: '' })).toBe(false);
    expect(matcher.matches({ app: 'web', rank: '' })).toBe(false);
  });

  test('is printed on one line', () => {
    expect(formatLabelSelector(structuredClone(selector) as never)).toBe(
      'app=web,!old,rank,tier in (back,front),zone notin (x)',
    );
    expect(formatLabelSelector({})).toBe('<none>');
    expect(formatLabelSelector(undefined)).toBe('<none>');
  });

  test.each([
    [{ key: 'a', operator: 'Near' }, '"Near" is not a valid label selector operator'],
    [{ key: 'a', operator: 'In' }, "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty"],
    [
      { key: 'a', operator: 'Exists', values: ['b'] },
      'values: Invalid value: ["b"]: values set must be empty for exists and does not exist',
    ],
  ])('with the expression %j is refused', (expression, message) => {
    expect(() => labelSelectorMatcher({ matchExpressions: [expression] } as never)).toThrow(message);
  });

  test('that is frozen is parsed once', () => {
    const frozen = deepFreeze({ matchLabels: { a: 'b' } });
    expect(labelSelectorMatcher(frozen)).toBe(labelSelectorMatcher(frozen));
    const open = { matchLabels: { a: 'b' } };
    const before = labelSelectorMatcher(open);
    open.matchLabels.a = 'c';
    expect(labelSelectorMatcher(open)).not.toBe(before);
    expect(labelSelectorMatcher(open).matches({ a: 'c' })).toBe(true);
  });
});

test('plain labels match objects that have them all', () => {
  expect(labelsMatcher({ a: '1', b: '2' }).matches({ a: '1', b: '2', c: '3' })).toBe(true);
  expect(labelsMatcher({ a: '1', b: '2' }).matches({ a: '1' })).toBe(false);
  expect(labelsMatcher(undefined)).toBe(everything);
});
