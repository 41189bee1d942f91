import { describe, expect, test } from 'vitest';
import { builtinTypes } from '../builtin-types.ts';
import { deepFreeze } from '../object.ts';
import { applyStrategicMergePatch } from './index.ts';

const patched = (document: unknown, patch: unknown, type = 'core.v1.PodSpec'): unknown =>
  applyStrategicMergePatch(deepFreeze(document), deepFreeze(patch), type, builtinTypes);

const a = { name: 'a', image: 'one' };
const b = { name: 'b', image: 'two' };
const c = { name: 'c', image: 'three' };

describe('a strategic merge patch', () => {
  test.each([
    [
      'merges maps',
      { securityContext: { runAsUser: 1, fsGroup: 2 } },
      { securityContext: { runAsUser: 3 } },
      { securityContext: { runAsUser: 3, fsGroup: 2 } },
    ],
    ['deletes with null', { nodeName: 'x', hostname: 'y' }, { nodeName: null }, { hostname: 'y' }],
    [
      'merges a map of labels',
      { nodeSelector: { a: '1', b: '2' } },
      { nodeSelector: { a: null, c: '3' } },
      { nodeSelector: { b: '2', c: '3' } },
    ],
    [
      'replaces a list without a merge key',
      { tolerations: [{ key: 'a' }] },
      { tolerations: [{ key: 'b' }] },
      { tolerations: [{ key: 'b' }] },
    ],
    [
      'merges list items with the same key',
      { containers: [a, b] },
      { containers: [{ name: 'b', image: 'new' }] },
      { containers: [a, { name: 'b', image: 'new' }] },
    ],
    ['puts new items first unless an order is given', { containers: [a] }, { containers: [b] }, { containers: [b, a] }],
    [
      'merges lists inside items',
      { containers: [{ ...a, env: [{ name: 'X', value: '1' }] }] },
      { containers: [{ name: 'a', env: [{ name: 'Y', value: '2' }] }] },
      {
        containers: [
          {
            ...a,
            env: [
              { name: 'Y', value: '2' },
              { name: 'X', value: '1' },
            ],
          },
        ],
      },
    ],
    [
      'drops nulls from added values',
      {},
      { securityContext: { runAsUser: null, fsGroup: 1 } },
      { securityContext: { fsGroup: 1 } },
    ],
    [
      'ignores deletions in missing values',
      { containers: [a] },
      { volumes: [{ name: 'v', $patch: 'delete' }] },
      { containers: [a], volumes: [] },
    ],
    [
      'replaces a value of another form',
      { securityContext: { fsGroup: 1 } },
      { securityContext: 'x' },
      { securityContext: 'x' },
    ],
  ])('%s', (_, document, patch, expected) => {
    expect(patched(document, patch)).toEqual(expected);
  });

  test('merges lists of scalars without duplicates, the patch in front', () => {
    expect(patched({ finalizers: ['a', 'b'] }, { finalizers: ['b', 'c'] }, 'meta.v1.ObjectMeta')).toEqual({
      finalizers: ['a', 'b', 'c'],
    });
  });

  test('keeps unknown fields as a plain merge patch would', () => {
    expect(patched({ unknown: { list: [1], map: { a: 1 } } }, { unknown: { list: [2], map: { b: 2 } } })).toEqual({
      unknown: { list: [2], map: { a: 1, b: 2 } },
    });
  });

  test('shares equal parts', () => {
    const document = deepFreeze({ containers: [a, b], nodeSelector: { x: 'y' }, tolerations: [{ key: 'a' }] });
    expect(patched(document, { containers: [{ name: 'b', image: 'two' }], nodeSelector: { x: 'y' } })).toBe(document);
    const changed = patched(document, { containers: [{ name: 'b', image: 'new' }], tolerations: [{ key: 'a' }] });
    expect((changed as typeof document).containers[0]).toBe(document.containers[0]);
    expect((changed as typeof document).tolerations).toBe(document.tolerations);
  });
});

describe('$patch', () => {
  test.each([
    [
      'replace: the map becomes the rest of the patch',
      { securityContext: { fsGroup: 1 } },
      { securityContext: { $patch: 'replace', runAsUser: 2 } },
      { securityContext: { runAsUser: 2 } },
    ],
    [
      'delete: the map becomes empty',
      { securityContext: { fsGroup: 1 } },
      { securityContext: { $patch: 'delete' } },
      { securityContext: {} },
    ],
    [
      'delete: the item goes',
      { containers: [a, b] },
      { containers: [{ name: 'a', $patch: 'delete' }] },
      { containers: [b] },
    ],
    [
      'delete: every item with that key goes',
      { containers: [a, b, a] },
      { containers: [{ name: 'a', $patch: 'delete' }] },
      { containers: [b] },
    ],
    [
      'replace: the list becomes the rest of the patch',
      { containers: [a, b] },
      { containers: [{ $patch: 'replace' }, c] },
      { containers: [c] },
    ],
  ])('%s', (_, document, patch, expected) => {
    expect(patched(document, patch)).toEqual(expected);
  });
});

describe('$deleteFromPrimitiveList', () => {
  test('removes scalars', () => {
    const patch = { '$deleteFromPrimitiveList/finalizers': ['a', 'c'] };
    expect(patched({ finalizers: ['a', 'b'] }, patch, 'meta.v1.ObjectMeta')).toEqual({ finalizers: ['b'] });
  });

  test('of a missing list does nothing', () => {
    expect(patched({}, { '$deleteFromPrimitiveList/finalizers': ['a'] }, 'meta.v1.ObjectMeta')).toEqual({});
  });
});

describe('$setElementOrder', () => {
  const order = (...names: string[]) => names.map((name) => ({ name }));
  const namesOf = (result: unknown): string[] =>
    (result as { containers: { name: string }[] }).containers.map((container) => container.name);

  test.each([
    ['reorders without other changes', ['a', 'b', 'c'], [], ['c', 'a', 'b'], ['c', 'a', 'b']],
    ['places new items', ['a', 'c'], ['b'], ['a', 'b', 'c'], ['a', 'b', 'c']],
    ["keeps the server's own items where they were", ['s', 'a', 'b'], [], ['b', 'a'], ['s', 'b', 'a']],
    ['names items that are nowhere', ['a'], ['b'], ['x', 'b', 'a'], ['b', 'a']],
  ])('%s', (_, live, patch, wanted, expected) => {
    const result = namesOf(
      patched(
        { containers: order(...live) },
        { containers: order(...patch), '$setElementOrder/containers': order(...wanted) },
      ),
    );
    expect(result).toEqual(expected);
  });

  test("weaves the server's own items in by their live order", () => {
    const result = patched({ containers: order('a', 's', 'b') }, { '$setElementOrder/containers': order('a', 'b') });
    expect(namesOf(result)).toEqual(['a', 's', 'b']);
  });

  test('orders scalars', () => {
    const patch = { finalizers: ['c'], '$setElementOrder/finalizers': ['c', 'a'] };
    expect(patched({ finalizers: ['a'] }, patch, 'meta.v1.ObjectMeta')).toEqual({ finalizers: ['c', 'a'] });
  });

  test('leaves the list alone when the order is as it was', () => {
    const document = deepFreeze({ containers: [a, b] });
    expect(patched(document, { '$setElementOrder/containers': order('a', 'b') })).toBe(document);
  });
});

describe('$retainKeys', () => {
  test('clears the other fields of the map', () => {
    const volumes = [{ name: 'v', emptyDir: {} }];
    const patch = { volumes: [{ $retainKeys: ['name', 'hostPath'], name: 'v', hostPath: { path: '/x' } }] };
    expect(patched({ volumes }, patch)).toEqual({ volumes: [{ name: 'v', hostPath: { path: '/x' } }] });
  });

  test('turns a rolling update into a recreation', () => {
    const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } };
    const patch = { strategy: { $retainKeys: ['type'], type: 'Recreate' } };
    expect(patched({ strategy }, patch, 'apps.v1.DeploymentSpec')).toEqual({ strategy: { type: 'Recreate' } });
  });
});

describe('a strategic merge patch is refused', () => {
  test.each([
    ['not an object', [], 400, 'invalid JSON document'],
    [
      'unknown directive',
      { securityContext: { $patch: 'keep' } },
      400,
      'unknown patch type: keep in map: map[$patch:keep]',
    ],
    [
      'unknown directive of an item',
      { containers: [{ name: 'a', $patch: 'keep' }] },
      400,
      'unknown patch type: keep in map: map[$patch:keep name:a]',
    ],
    [
      'missing merge key',
      { containers: [{ image: 'x' }] },
      400,
      'map: map[image:x] does not contain declared merge key: name',
    ],
    ['malformed $retainKeys', { $retainKeys: 'x' }, 400, 'invalid patch format of retainKeys'],
    ['field that $retainKeys does not name', { $retainKeys: ['a'], b: 1 }, 400, 'invalid patch format of retainKeys'],
    [
      'malformed $setElementOrder',
      { '$setElementOrder/containers': 'x' },
      400,
      'invalid patch format of setElementOrder list',
    ],
    ['$setElementOrder of nothing', { $setElementOrder: [] }, 400, 'invalid patch format of setElementOrder list'],
    [
      'malformed $deleteFromPrimitiveList',
      { '$deleteFromPrimitiveList/x': 1 },
      400,
      'invalid patch format of primitive list',
    ],
    [
      'items missing in the order',
      { containers: [{ name: 'a' }], '$setElementOrder/containers': [{ name: 'b' }] },
      400,
      "The order in patch list:\n[map[name:a]]\n doesn't match $setElementOrder list:\n[map[name:b]]\n",
    ],
    ['list of lists', { containers: [[1]] }, 422, 'the server rejected our request due to an error in our request'],
    [
      'items of several forms',
      { containers: [1] },
      400,
      'list element types are not identical: [[map[image:one name:a]] [1]]',
    ],
  ])('%s', (_, patch, code, message) => {
    expect(() => patched({ containers: [a], securityContext: {} }, patch)).toThrow(
      expect.objectContaining({ message, status: expect.objectContaining({ code }) }),
    );
  });
});

describe('a large strategic merge patch', () => {
  const many = (count: number, of: (i: number) => unknown): unknown[] => Array.from({ length: count }, (_, i) => of(i));

  /** The document, which counts how often its lists' items are read. */
  function counting<T extends object>(document: T): { readonly document: T; readonly reads: () => number } {
    let reads = 0;
    const proxied = (value: unknown): unknown => {
      if (typeof value !== 'object' || value === null) return value;
      return new Proxy(value, {
        get(target, key, receiver) {
          if (Array.isArray(target) && typeof key === 'string' && /^\d+$/.test(key)) reads++;
          return proxied(Reflect.get(target, key, receiver));
        },
      });
    };
    return { document: proxied(document) as T, reads: () => reads };
  }

  test.each([
    ['of many items', (n: number) => ({ volumes: many(n, (i) => ({ name: `v${i}`, emptyDir: {} })) })],
    ['that deletes many items', (n: number) => ({ volumes: many(n, (i) => ({ name: `v${i}`, $patch: 'delete' })) })],
    ['of an order', (n: number) => ({ '$setElementOrder/volumes': many(n, (i) => ({ name: `v${n - i}` })) })],
    ['of scalars to remove', (n: number) => ({ '$deleteFromPrimitiveList/unknown': many(n, (i) => `f${i}`) })],
    [
      'that names one item over and over',
      (n: number) => ({ volumes: many(n, (i) => ({ name: 'v0', emptyDir: { medium: `m${i}` } })) }),
    ],
  ])('%s reads each item a few times', (_, patch) => {
    const count = 2000;
    const { document, reads } = counting({
      volumes: many(count, (i) => ({ name: `v${i}`, hostPath: { path: '/' } })),
      unknown: many(count, (i) => `f${2 * i}`),
    });
    applyStrategicMergePatch(document, patch(count), 'core.v1.PodSpec', builtinTypes);
    expect(reads()).toBeLessThan(20 * count);
  });

  const growing = (count: number) => ({
    containers: many(count, (i) => ({ name: 'a', env: [{ name: `e${i}`, value: '1' }] })),
  });

  test('may name an item often', () => {
    const { containers } = patched({ containers: [a] }, growing(300)) as { containers: { env: unknown[] }[] };
    expect(containers[0]?.env).toHaveLength(300);
  });

  test('is refused if its items grow with each other, which would take quadratic time', () => {
    expect(() => patched({ containers: [a] }, growing(20_000))).toThrow(
      expect.objectContaining({
        message: 'Request entity too large: the patch names the same items too often',
        status: expect.objectContaining({ code: 413 }),
      }),
    );
  });
});
