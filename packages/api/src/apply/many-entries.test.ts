import { describe, expect, test } from 'vitest';
import { ConfigMap } from '../kinds.ts';
import type { KubernetesObject } from '../object.ts';
import { applyServerSide } from './apply-server-side.ts';
import { type ManagedFieldsEntry, managedFieldsOf } from './managed-fields.ts';
import { trackUpdate } from './track-update.ts';

/** Objects whose client made up many owners: the work is that of the object's size, not of owners times fields. */
const count = 1000;
const time = '2026-01-01T00:00:00Z';
const data = (value: string) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, value] as const));

let visits = 0;
/** A part of a field set that counts how often its elements are gone through. */
function counting<T extends object>(set: T): T {
  return new Proxy(set, {
    ownKeys(target) {
      const keys = Reflect.ownKeys(target);
      visits += keys.length;
      return keys;
    },
  });
}

const entries = (operation: 'Apply' | 'Update'): readonly ManagedFieldsEntry[] =>
  Array.from({ length: count }, (_, i) => ({
    manager: `m${i}`,
    operation,
    apiVersion: 'v1',
    time,
    fieldsType: 'FieldsV1' as const,
    fieldsV1: counting({ 'f:data': counting({ [`f:k${i}`]: {} }) }),
  }));

const object = (value: string, managedFields: readonly ManagedFieldsEntry[] = []): KubernetesObject =>
  ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', ...(managedFields.length === 0 ? {} : { managedFields }) },
    data: data(value),
  }) as KubernetesObject;

const common = { kind: ConfigMap, time, subresource: '', manager: 'me' };

describe.each(['Apply', 'Update'] as const)('a thousand entries of %s', (operation) => {
  test('an update takes the fields from their owners', () => {
    const live = object('a', entries(operation));
    visits = 0;
    const after = trackUpdate({ ...common, before: live, after: object('b'), operation: 'Update' });
    expect(managedFieldsOf(after)?.map(({ manager }) => manager)).toEqual(['me']);
    expect(visits).toBeLessThan(30 * count);
  });

  test('an update that removes one field leaves the others their owners', () => {
    const live = object('a', entries(operation));
    const { k0: _, ...rest } = data('a');
    const next = { ...object('a'), data: rest } as KubernetesObject;
    visits = 0;
    const after = trackUpdate({ ...common, before: live, after: next, operation: 'Update' });
    expect(managedFieldsOf(after)).toHaveLength(operation === 'Apply' ? count - 1 : 10);
    expect(visits).toBeLessThan(40 * count);
  });

  test('an apply conflicts with each of them, or takes the fields', () => {
    const live = object('a', entries(operation));
    visits = 0;
    const request = { ...common, live, applied: object('b') };
    expect(() => applyServerSide({ ...request, force: false })).toThrow(`Apply failed with ${count} conflicts`);
    expect(managedFieldsOf(applyServerSide({ ...request, force: true }))?.map(({ manager }) => manager)).toEqual([
      'me',
    ]);
    expect(visits).toBeLessThan(60 * count);
  });
});
