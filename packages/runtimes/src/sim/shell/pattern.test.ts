import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Parts } from '../process/paced.ts';
import { matching, removing, replacing } from './pattern.ts';

/** The result, and in how many parts it was computed. */
function run<T>(parts: Parts<T>): { readonly result: T; readonly parts: number } {
  for (let count = 1; ; count++) {
    const { done, value } = parts.next();
    if (done) return { result: value as T, parts: count };
  }
}

const matches = (pattern: string, text: string) => run(matching(pattern, text)).result;

test.each([
  ['', '', true],
  ['*', '', true],
  ['?', '', false],
  ['a*b', 'ab', true],
  ['a*b', 'axxb', true],
  ['a*b', 'axxbc', false],
  ['*.txt', 'a.txt', true],
  ['[a-c]x', 'bx', true],
  ['[!a-c]x', 'bx', false],
  ['[[:digit:]]*', '1a', true],
  ['[]a]', ']', true],
  ['[z-a]', 'a', false],
  ['[a', '[a', true],
  ['\\*', '*', true],
  ['\\*', 'a', false],
  ['a**b', 'axb', true],
])('%s matches %s: %s', (pattern, text, expected) => {
  expect(matches(pattern, text)).toBe(expected);
});

describe('agrees with a regular expression that backtracks', () => {
  const pattern = fc
    .array(fc.constantFrom('a', 'b', '*', '?', '[ab]', '[!a]'), { maxLength: 6 })
    .map((all) => all.join(''));
  const text = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 10 }).map((all) => all.join(''));
  const source = (glob: string) => glob.replace(/\*/g, '.*').replace(/\?/g, '.').replace(/\[!/g, '[^');

  test('on whole texts', () => {
    fc.assert(
      fc.property(pattern, text, (glob, all) => matches(glob, all) === new RegExp(`^(?:${source(glob)})$`).test(all)),
    );
  });

  test('on the shortest and longest starts and ends', () => {
    fc.assert(
      fc.property(pattern, text, fc.boolean(), fc.boolean(), (glob, all, atEnd, longest) => {
        const whole = new RegExp(`^(?:${source(glob)})$`);
        const sizes = Array.from({ length: all.length + 1 }, (_, size) => size).filter((size) =>
          whole.test(atEnd ? all.slice(all.length - size) : all.slice(0, size)),
        );
        const size = longest ? sizes.at(-1) : sizes[0];
        const left = size === undefined ? all : atEnd ? all.slice(0, all.length - size) : all.slice(size);
        expect(run(removing(all, glob, atEnd ? 'suffix' : 'prefix', longest)).result).toBe(left);
      }),
    );
  });

  test('on replacements', () => {
    fc.assert(
      fc.property(pattern, text, fc.constantFrom('/', '//'), (glob, all, operator) => {
        fc.pre(glob !== '' && !/^\**$/.test(glob));
        const expected = all.replace(new RegExp(source(glob), operator === '//' ? 'g' : ''), (found) =>
          found === '' ? '' : 'X',
        );
        expect(run(replacing(all, operator, glob, 'X')).result).toBe(expected);
      }),
    );
  });
});

test('takes parts in proportion to the text, whatever the pattern', () => {
  const parts = (length: number) => run(matching(`${'*a'.repeat(40)}*b`, 'a'.repeat(length))).parts;
  expect(parts(80_000)).toBeLessThanOrEqual(parts(40_000) * 2 + 2);
  expect(parts(40_000)).toBeLessThan(50);
  expect(run(replacing('a'.repeat(100_000), '//', '*a*a*a*b', 'x')).parts).toBeLessThan(100);
  expect(run(matching('[[:'.repeat(20_000), 'a')).result).toBe(false);
});
