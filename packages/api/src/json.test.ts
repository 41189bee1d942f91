import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, equalJson } from './json.ts';

describe('equality', () => {
  test.each([
    [1, 1, true],
    [0, '0', false],
    [null, undefined, false],
    [null, {}, false],
    [[], {}, false],
    [{}, [], false],
    [{ a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1 }, true],
    [{ a: 1 }, { a: 1, b: 1 }, false],
    [{ a: 1, b: 1 }, { a: 1 }, false],
    [{ a: undefined }, {}, true],
    [{}, { a: undefined }, true],
    [{ a: undefined, b: 1 }, { a: 1, b: 1 }, false],
    [[1, 2], [2, 1], false],
    [[1], [1, 2], false],
  ])('%j and %j: %s', (a, b, equal) => {
    expect(equalJson(a, b)).toBe(equal);
  });

  test('parts that are shared are not looked into', () => {
    const shared = Object.defineProperty({}, 'field', {
      enumerable: true,
      get: () => {
        throw new Error('looked into');
      },
    });
    expect(equalJson({ shared, a: 1 }, { shared, a: 1 })).toBe(true);
  });

  test('a field named like a method of every object is a field', () => {
    expect(equalJson({ toString: 1 }, { other: 1 })).toBe(false);
    expect(equalJson(JSON.parse('{"__proto__":1}'), { a: 1 })).toBe(false);
  });
});

describe('canonical text', () => {
  test('sorts fields at every depth and omits undefined ones', () => {
    expect(canonicalJson({ b: [{ z: 1, a: 'x' }], a: undefined, c: null })).toBe('{"b":[{"a":"x","z":1}],"c":null}');
  });

  test('equal values have equal texts, and the text reads back as the value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(equalJson(JSON.parse(canonicalJson(a)), JSON.parse(JSON.stringify(a)))).toBe(true);
        expect(canonicalJson(a) === canonicalJson(b)).toBe(equalJson(a, b));
      }),
    );
  });
});
