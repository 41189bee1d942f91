import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSeededRandom } from './seeded-random.ts';
import { createSystemRandom } from './system-random.ts';

const draw = (random: { next(): number }) => Array.from({ length: 20 }, () => random.next());

describe('seeded', () => {
  test('the same seed gives the same numbers, another gives others', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(draw(createSeededRandom(a))).toEqual(draw(createSeededRandom(a)));
        if (a !== b) expect(draw(createSeededRandom(a))).not.toEqual(draw(createSeededRandom(b)));
      }),
    );
  });

  test('a fork depends on seed and label, not on what was drawn', () => {
    const drawn = createSeededRandom(1);
    draw(drawn);
    expect(draw(drawn.fork('a'))).toEqual(draw(createSeededRandom(1).fork('a')));
    expect(draw(drawn.fork('a'))).not.toEqual(draw(drawn.fork('b')));
    expect(draw(drawn.fork('a').fork('b'))).not.toEqual(draw(drawn.fork('ab')));
  });

  test('a known seed keeps its numbers, so that recorded histories stay valid', () => {
    const random = createSeededRandom(42);
    expect([random.integer(1000), random.integer(1000), random.nameSuffix(5), random.uuid()]).toMatchInlineSnapshot(`
      [
        593,
        511,
        "lkgls",
        "12806c1c-1883-4f4c-96e8-2443610de852",
      ]
    `);
  });
});

describe.each([
  ['seeded', () => createSeededRandom('x')],
  ['system', createSystemRandom],
])('%s', (_, create) => {
  test('numbers are spread evenly from 0 to 1', () => {
    const random = create();
    const counts = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 20_000; i++) {
      const place = Math.floor(random.next() * 10);
      counts[place] = (counts[place] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(1700);
    expect(Math.max(...counts)).toBeLessThan(2300);
  });

  test('integers stay below their bound, and reach all below it', () => {
    const random = create();
    const seen = new Set<number>();
    for (let i = 0; i < 500; i++) seen.add(random.integer(7));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(random.integer(2 ** 50)).toBeLessThan(2 ** 50);
    for (const bound of [0, -1, 1.5, Number.NaN]) expect(() => random.integer(bound)).toThrow(RangeError);
  });

  test('UUIDs are of version 4 and names use the alphabet of Kubernetes', () => {
    const random = create();
    expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(random.nameSuffix(200)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{200}$/);
    expect(random.bytes(7)).toHaveLength(7);
    expect(new Set(Array.from({ length: 1000 }, () => random.uuid())).size).toBe(1000);
  });
});
