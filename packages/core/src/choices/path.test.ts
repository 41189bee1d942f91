import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Choice } from './choice-log.ts';
import { Path } from './path.ts';

const choice: fc.Arbitrary<Choice> = fc
  .record({
    what: fc.oneof(fc.constantFrom('turn', 'latency', 'fault', 'größer'), fc.string({ maxLength: 2 })),
    count: fc.oneof(fc.integer({ min: 2, max: 20 }), fc.integer({ min: 2, max: Number.MAX_SAFE_INTEGER })),
    part: fc.double({ min: 0, max: 0.999, noNaN: true }),
  })
  .map(({ what, count, part }) => ({ what, count, chosen: Math.min(Math.floor(count * part), count - 1) }));

test('a path holds its choices, and so does its text', () => {
  fc.assert(
    fc.property(fc.string(), fc.array(choice, { size: 'large' }), (seed, choices) => {
      const path = Path.of(seed, choices);
      expect([...path]).toEqual(choices);
      const text = String(path);
      expect(text).toMatch(/^[\w-]+$/);
      const read = Path.parse(` ${text}\n`);
      expect({ seed: read.seed, length: read.length, choices: [...read] }).toEqual({
        seed,
        length: choices.length,
        choices,
      });
    }),
  );
});

test('a choice among a few takes one byte', () => {
  const turns = Array.from({ length: 3000 }, (_, i): Choice => ({ what: 'turn', count: 2 + (i % 14), chosen: i % 2 }));
  expect(String(Path.of(1, turns)).length).toBeLessThan(4050);
});

test('a text that is cut off, mistyped or something else is no path', () => {
  const text = String(
    Path.of(7, [
      { what: 'turn', count: 3, chosen: 1 },
      { what: 'turn', count: 30, chosen: 17 },
    ]),
  );
  for (let i = 0; i < text.length; i++) {
    expect(() => Path.parse(text.slice(0, i))).toThrow('not a path, or not all of one');
    const other = text[i] === 'x' ? 'y' : 'x';
    const mistyped = text.slice(0, i) + other + text.slice(i + 1);
    // The last character has bits that stand for nothing.
    if (i < text.length - 1) expect(() => Path.parse(mistyped)).toThrow('not a path, or not all of one');
  }
  for (const wrong of ['', '!', 'AQ', `${text}${text}`, 'x'.repeat(1000)])
    expect(() => Path.parse(wrong)).toThrow('not a path');
});

describe('parts of a path', () => {
  const path = Path.of('s', [
    { what: 'turn', count: 3, chosen: 1 },
    { what: 'fault', count: 20, chosen: 9 },
    { what: 'turn', count: 2, chosen: 0 },
  ]);

  test('its beginning keeps the seed', () => {
    expect([...path.prefix(2)]).toEqual([...path].slice(0, 2));
    expect(path.prefix(2)).toMatchObject({ seed: 's', length: 2 });
    expect([...path.prefix(9)]).toEqual([...path]);
    expect(path.prefix(0).length).toBe(0);
  });

  test('another choice at one step ends it there', () => {
    expect([...path.choosing(1, 19)]).toEqual([
      { what: 'turn', count: 3, chosen: 1 },
      { what: 'fault', count: 20, chosen: 19 },
    ]);
    expect(() => path.choosing(1, 20)).toThrow('no choice: 20 of 20');
    expect(() => path.choosing(3, 0)).toThrow('the path has no step 3: it ends after 3');
  });

  test.each([
    [2, 2],
    [1, 0],
    [2, -1],
    [2.5, 1],
    [Number.NaN, 0],
  ])('a choice among %d is not %d', (count, chosen) => {
    expect(() => Path.of(1, [{ what: 'turn', count, chosen }])).toThrow(RangeError);
  });
});
