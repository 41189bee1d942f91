import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  commonPaths,
  contains,
  difference,
  type FieldSet,
  hasPath,
  intersects,
  isFieldSet,
  leaf,
  pathText,
  union,
  unionOf,
} from './field-set.ts';

const spec: FieldSet = { 'f:spec': { 'f:replicas': {}, 'f:paused': {} } };

describe('sets of fields', () => {
  test('a union holds both, sorted', () => {
    expect(JSON.stringify(union({ 'f:b': {} }, { 'f:a': {}, 'f:b': { 'f:c': {} } }))).toBe(
      '{"f:a":{},"f:b":{".":{},"f:c":{}}}',
    );
  });

  test('a difference removes fields, not their descendants', () => {
    expect(difference({ 'f:a': { '.': {}, 'f:b': {} } }, { 'f:a': {} })).toEqual({ 'f:a': { 'f:b': {} } });
    expect(difference(spec, { 'f:spec': { 'f:paused': {} } })).toEqual({ 'f:spec': { 'f:replicas': {} } });
    expect(difference(spec, spec)).toEqual({});
  });

  test('operations that change nothing give the set itself', () => {
    expect(union(spec, { 'f:spec': { 'f:paused': {} } })).toBe(spec);
    expect(difference(spec, { 'f:status': {} })).toBe(spec);
    expect(difference(spec, leaf)).toBe(spec);
  });

  test('a parent of a field is not in the set by that', () => {
    expect(contains(spec, { 'f:spec': {} })).toBe(false);
    expect(contains(spec, { 'f:spec': { 'f:paused': {} } })).toBe(true);
    expect(intersects(spec, { 'f:spec': {} })).toBe(false);
    expect(intersects(spec, { 'f:spec': { 'f:paused': {}, 'f:other': {} } })).toBe(true);
    expect(hasPath(spec, ['f:spec'])).toBe(false);
    expect(hasPath(spec, ['f:spec', 'f:paused'])).toBe(true);
  });

  test('paths are printed as Kubernetes prints them', () => {
    const set: FieldSet = {
      'f:spec': {
        'f:containers': {
          'k:{"name":"web"}': { '.': {}, 'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': {} } },
        },
        'f:finalizers': { 'v:"a/b"': {} },
        'f:list': { 'i:3': {} },
      },
    };
    expect(commonPaths(set, set).map(pathText)).toEqual([
      '.spec.containers[name="web"]',
      '.spec.containers[name="web"].ports[containerPort=80,protocol="TCP"]',
      '.spec.finalizers[="a/b"]',
      '.spec.list[3]',
    ]);
  });

  test.each([
    [{ 'f:a': { '.': {}, 'k:{"x":1}': {} } }, true],
    [{ 'f:a': 1 }, false],
    [{ a: {} }, false],
    [[], false],
    [null, false],
  ])('%j is one: %s', (value, valid) => {
    expect(isFieldSet(value)).toBe(valid);
  });
});

const sets: fc.Arbitrary<FieldSet> = fc
  .array(fc.array(fc.constantFrom('f:a', 'f:b', 'k:{"name":"x"}', 'v:1'), { minLength: 1, maxLength: 3 }), {
    maxLength: 6,
  })
  .map((paths) => paths.map(pathSet).reduce(union, leaf));

function pathSet(path: readonly string[]): FieldSet {
  return path.reduceRight<FieldSet>((below, element) => ({ [element]: below }), leaf);
}

const pathsOf = (set: FieldSet): string[] =>
  commonPaths(set, set)
    .map((path) => path.join(' '))
    .sort();

test('they are sets of paths', () => {
  fc.assert(
    fc.property(sets, sets, (a, b) => {
      const inA = new Set(pathsOf(a));
      const inB = new Set(pathsOf(b));
      expect(pathsOf(union(a, b))).toEqual([...inA.union(inB)].sort());
      for (const through of ['own', 'other'] as const) {
        expect(pathsOf(difference(a, b, through))).toEqual([...inA.difference(inB)].sort());
      }
      expect(difference(a, b, 'own')).toEqual(difference(a, b));
      expect(
        commonPaths(a, b)
          .map((path) => path.join(' '))
          .sort(),
      ).toEqual([...inA.intersection(inB)].sort());
      expect(intersects(a, b)).toBe(inA.intersection(inB).size > 0);
      expect(contains(a, b)).toBe(inB.isSubsetOf(inA));
    }),
  );
});

test('a union of many is the union of two, again and again', () => {
  fc.assert(
    fc.property(fc.array(sets, { maxLength: 6 }), (many) => {
      expect(unionOf(many)).toEqual(many.reduce(union, leaf));
    }),
  );
});
