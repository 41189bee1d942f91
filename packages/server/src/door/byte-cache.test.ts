import { expect, it } from 'vitest';
import { ByteCache } from './byte-cache.ts';

const sized = (budget: number) => new ByteCache<Uint8Array>(budget, ({ length }) => length);

it('keeps what fits into its budget', () => {
  const cache = sized(100);
  const objects = Array.from({ length: 5 }, () => ({}));
  for (const object of objects) cache.set(object, new Uint8Array(10));
  expect(objects.map((object) => cache.get(object)?.length)).toEqual([10, 10, 10, 10, 10]);
});

it('never keeps more than its budget, and forgets what was not used for longest', () => {
  const cache = sized(100);
  const often = {};
  cache.set(often, new Uint8Array(10));
  const objects = Array.from({ length: 1000 }, () => ({}));
  for (const object of objects) {
    cache.set(object, new Uint8Array(10));
    expect(cache.get(often)).toBeDefined();
    expect(cache.get(object)).toBeDefined();
  }
  const kept = objects.filter((one) => cache.get(one) !== undefined);
  expect(kept.length).toBeLessThanOrEqual(9);
  expect(cache.get(objects[0] as object)).toBeUndefined();
});

it('does not keep what is larger than itself', () => {
  const cache = sized(100);
  const object = {};
  cache.set(object, new Uint8Array(101));
  expect(cache.get(object)).toBeUndefined();
});
