import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { equalJson, type JsonObject } from '../json.ts';
import { deepFreeze } from '../object.ts';
import { applyMergePatch, createMergePatch } from './index.ts';

describe('a merge patch', () => {
  test.each([
    ['sets a field', { a: 1 }, { b: 2 }, { a: 1, b: 2 }],
    ['replaces a field', { a: 1 }, { a: 2 }, { a: 2 }],
    ['deletes with null', { a: 1, b: 2 }, { a: null }, { b: 2 }],
    ['merges objects', { a: { b: 1, c: 2 } }, { a: { b: 3, c: null } }, { a: { b: 3 } }],
    ['replaces lists whole', { a: [1, 2, 3] }, { a: [4] }, { a: [4] }],
    ['keeps nulls inside lists', { a: 1 }, { a: [null] }, { a: [null] }],
    ['replaces a scalar with an object, without its nulls', { a: 1 }, { a: { b: 1, c: null } }, { a: { b: 1 } }],
    ['replaces an object with a scalar', { a: { b: 1 } }, { a: 'x' }, { a: 'x' }],
    ['ignores the deletion of a missing field', { a: 1 }, { b: null }, { a: 1 }],
    ['makes an empty object', {}, { a: {} }, { a: {} }],
  ])('%s', (_, document, patch, expected) => {
    expect(applyMergePatch(deepFreeze(document), deepFreeze(patch))).toEqual(expected);
  });

  test('shares equal parts', () => {
    const document = deepFreeze({ a: { list: [1, { x: 1 }] }, b: { c: 1 } });
    const result = applyMergePatch(document, { b: { c: 2 }, a: { list: [1, { x: 1 }] } }) as typeof document;
    expect(result.a).toBe(document.a);
    expect(applyMergePatch(document, { b: { c: 1 }, d: null })).toBe(document);
  });

  test.each([[[]], ['text'], [null], [1]])('that is %j is refused', (patch) => {
    expect(() => applyMergePatch({}, patch)).toThrow(
      expect.objectContaining({ status: expect.objectContaining({ code: 400 }) }),
    );
  });
});

const json = (depth: number): fc.Arbitrary<unknown> =>
  fc.oneof(
    fc.constantFrom(1, 2, 'x', true),
    fc.array(fc.constantFrom(1, 'y'), { maxLength: 2 }),
    ...(depth > 0 ? [fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), json(depth - 1), { maxKeys: 3 })] : []),
  );
const document = fc
  .dictionary(fc.constantFrom('a', 'b', 'c', 'd'), json(3), { noNullPrototype: true })
  .map((value) => deepFreeze(JSON.parse(JSON.stringify(value))) as JsonObject);

test('the patch between two documents turns one into the other', () => {
  fc.assert(
    fc.property(document, document, (from, to) => {
      const patch = createMergePatch(from, to);
      expect(equalJson(applyMergePatch(from, patch), to)).toBe(true);
      if (equalJson(from, to)) expect(patch).toEqual({});
    }),
  );
});
