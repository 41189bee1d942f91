import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sliceOf } from './frozen-list.ts';

describe('a slice of a list', () => {
  it('is what slice gives, whether the list is frozen or not', () => {
    const list = fc.array(fc.nat(), { maxLength: 40 });
    fc.assert(
      fc.property(list, fc.nat(50), fc.nat(50), fc.boolean(), (items, from, to, frozen) => {
        const given = frozen ? Object.freeze([...items]) : items;
        expect(sliceOf(given, from, to)).toEqual(items.slice(from, to));
      }),
    );
  });

  it('can be changed', () => {
    expect(Object.isFrozen(sliceOf(Object.freeze([1, 2, 3]), 0, 3))).toBe(false);
  });
});
