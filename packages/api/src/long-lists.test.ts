import { expect, test } from 'vitest';
import { contains, membership, namedItem } from './long-lists.ts';

/** A list that counts how often its items are read. */
function counted<T>(items: T[]): { readonly list: readonly T[]; readonly reads: () => number } {
  let reads = 0;
  const list = new Proxy(items, {
    get(target, key, receiver) {
      if (typeof key === 'string' && /^\d+$/.test(key)) reads++;
      return Reflect.get(target, key, receiver);
    },
  });
  return { list, reads: () => reads };
}

const numbers = (length: number) => Array.from({ length }, (_, i) => i);

test.each([3, 1000])('%i items: a member is found, and nothing else', (length) => {
  const list = numbers(length);
  expect([0, length - 1, length, -1].map(membership(list))).toEqual([true, true, false, false]);
  expect([0, length - 1, length, -1].map((value) => contains(list, value))).toEqual([true, true, false, false]);
});

test.each([3, 1000])('%i items: the first of a name is found', (length) => {
  const list = [...numbers(length), 0].map((name, at) => ({ name: `n${name}`, at }));
  expect(['n0', `n${length - 1}`, 'none'].map((name) => namedItem(list, name)?.at)).toEqual([0, length - 1, undefined]);
  expect(namedItem(undefined, 'n0')).toBeUndefined();
});

test('a long list is read once, however often it is asked', () => {
  const plain = counted(numbers(1000));
  const named = counted(numbers(1000).map((name) => ({ name: `n${name}` })));
  for (let i = 0; i < 1000; i++) {
    contains(plain.list, i);
    namedItem(named.list, `n${i}`);
  }
  expect([plain.reads(), named.reads()]).toEqual([1000, 1000]);
});
