import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Stored } from './object.ts';
import { SortedObjects } from './sorted-objects.ts';

let revision = 0;
function object(key: string): Stored {
  const [namespace = '', name = ''] = key.split('/');
  const metadata = { namespace, name, uid: key, resourceVersion: `${++revision}`, creationTimestamp: '' };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata };
}

const anyKey = fc
  .tuple(fc.constantFrom('a', 'a-b', 'b', 'zz'), fc.integer({ min: 0, max: 30 }))
  .map(([namespace, number]) => `${namespace}/${number}`);
const anyStep = fc.oneof(
  fc.record({ type: fc.constantFrom('set', 'delete'), key: anyKey }),
  fc.record({ type: fc.constantFrom('list', 'under', 'with'), key: anyKey }),
);

describe('sorted objects', () => {
  test('list as a sorted map does, however changes and lists follow each other', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 200 }), (steps) => {
        const objects = new SortedObjects();
        const model = new Map<string, Stored>();
        const inOrder = (entries: Iterable<readonly [string, Stored]>) =>
          [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
        for (const { type, key } of steps) {
          if (type === 'set') {
            const value = object(key);
            objects.set(key, value);
            model.set(key, value);
          } else if (type === 'delete') {
            objects.delete(key);
            model.delete(key);
          } else if (type === 'list') {
            expect(objects.list()).toEqual(inOrder(model));
          } else if (type === 'under') {
            const prefix = `${key.split('/')[0]}/`;
            expect(objects.under(prefix)).toEqual(inOrder([...model].filter(([other]) => other.startsWith(prefix))));
          } else {
            const changes = new Map<string, Stored | undefined>([
              [key, object(key)],
              ['b/3', undefined],
            ]);
            const changed = [...new Map([...model, ...changes])].flatMap(([other, value]) =>
              value === undefined ? [] : [[other, value] as const],
            );
            expect(objects.with(changes)).toEqual(inOrder(changed));
          }
        }
        expect(objects.size).toBe(model.size);
        expect(objects.list()).toEqual(inOrder(model));
        for (const [key, value] of model) expect(objects.get(key)).toBe(value);
      }),
      { numRuns: 300 },
    );
  });

  test('are the same frozen list until something changes', () => {
    const objects = new SortedObjects();
    objects.set('a/1', object('a/1'));
    const list = objects.list();
    expect(Object.isFrozen(list)).toBe(true);
    expect(objects.list()).toBe(list);
    objects.delete('a/none');
    expect(objects.list()).toBe(list);
    objects.set('a/1', object('a/1'));
    expect(objects.list()).not.toBe(list);
    expect(list).toHaveLength(1);
  });
});
