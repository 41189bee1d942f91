import { describe, expect, test } from 'vitest';
import type { Kind } from '../kind.ts';
import { ConfigMap, Deployment, Pod } from '../kinds.ts';
import { deepFreeze, type KubernetesObject } from '../object.ts';
import { stripManagedFields, trackUpdate } from './index.ts';

const noon = '2024-06-01T12:00:00Z';
const later = '2024-06-01T12:00:05Z';

function write<T extends KubernetesObject>(
  kind: Kind,
  before: KubernetesObject | undefined,
  after: T,
  { manager = 'kubelet', subresource = '', time = noon } = {},
): T {
  return deepFreeze(
    trackUpdate({ kind, before, after: deepFreeze(after), manager, operation: 'Update', time, subresource }),
  );
}

/** Manager → owned fields. */
function owners(object: KubernetesObject): { [manager: string]: unknown } {
  const entries = (object.metadata?.managedFields ?? []) as {
    manager: string;
    subresource?: string;
    fieldsV1: unknown;
  }[];
  return Object.fromEntries(
    entries.map(({ manager, subresource, fieldsV1 }) => [
      subresource ? `${manager}/${subresource}` : manager,
      fieldsV1,
    ]),
  );
}

const pod = deepFreeze<Pod>({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' }, finalizers: ['a/b'] },
  spec: {
    containers: [
      { name: 'a', image: 'one', ports: [{ containerPort: 80 }], args: ['x'] },
      { name: 'b', image: 'two' },
    ],
    nodeSelector: { disk: 'fast' },
  },
});

describe('a new object', () => {
  const created = write(Pod, undefined, pod, { manager: 'kubectl-create' });

  test('is owned by its creator, field by field as the types say', () => {
    expect(created.metadata).toMatchObject({
      managedFields: [
        {
          manager: 'kubectl-create',
          operation: 'Update',
          apiVersion: 'v1',
          time: noon,
          fieldsType: 'FieldsV1',
          fieldsV1: {
            'f:metadata': { 'f:finalizers': { '.': {}, 'v:"a/b"': {} }, 'f:labels': { '.': {}, 'f:app': {} } },
            'f:spec': {
              'f:containers': {
                'k:{"name":"a"}': {
                  '.': {},
                  'f:args': {},
                  'f:image': {},
                  'f:name': {},
                  'f:ports': {
                    '.': {},
                    'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} },
                  },
                },
                'k:{"name":"b"}': { '.': {}, 'f:image': {}, 'f:name': {} },
              },
              'f:nodeSelector': {},
            },
          },
        },
      ],
    });
  });

  test('shares all other fields with the written object', () => {
    expect(created.spec).toBe(pod.spec);
    expect(created.metadata.labels).toBe(pod.metadata.labels);
  });

  test('without a manager is written by "unknown"', () => {
    expect(Object.keys(owners(write(Pod, undefined, pod, { manager: '' })))).toEqual(['unknown']);
  });

  test('of a custom kind owns its parts too, since nothing implies them', () => {
    const site: Kind = { ...ConfigMap, kind: 'Website', type: 'demo.Website', custom: true };
    const object = {
      apiVersion: 'v1',
      kind: 'Website',
      metadata: { name: 'x' },
      spec: { hosts: ['a'], deep: { b: 1 } },
    };
    expect(owners(write(site, undefined, object))).toEqual({
      kubelet: { 'f:spec': { '.': {}, 'f:deep': { '.': {}, 'f:b': {} }, 'f:hosts': {} } },
    });
  });
});

describe('a change', () => {
  const created = write(Pod, undefined, pod, { manager: 'creator' });
  const changed = {
    ...created,
    spec: {
      ...created.spec,
      containers: [{ ...created.spec.containers[0], image: 'new' }, created.spec.containers[1]],
    },
  };

  test('takes over its fields from their managers', () => {
    const written = write(Pod, created, changed, { manager: 'other', time: later });
    expect(owners(written).other).toEqual({ 'f:spec': { 'f:containers': { 'k:{"name":"a"}': { 'f:image': {} } } } });
    expect(owners(written).creator).toMatchObject({
      'f:spec': {
        'f:containers': {
          'k:{"name":"a"}': { '.': {}, 'f:args': {}, 'f:name': {} },
          'k:{"name":"b"}': { '.': {}, 'f:image': {}, 'f:name': {} },
        },
      },
    });
    expect(JSON.stringify(owners(written).creator)).not.toContain('"f:args":{},"f:image"');
  });

  test('by the manager that owned all of it leaves the entries as they are', () => {
    const written = write(Pod, created, changed, { manager: 'creator', time: later });
    expect(written.metadata.managedFields).toBe(created.metadata.managedFields);
    expect(written).toBe(changed);
  });

  test('that changes nothing leaves the entries as they are', () => {
    const same = { ...created, spec: structuredClone(created.spec) };
    expect(write(Pod, created, same, { manager: 'other' }).metadata.managedFields).toBe(created.metadata.managedFields);
  });

  test('of unowned fields, such as the resource version, is not tracked', () => {
    const bumped = { ...created, metadata: { ...created.metadata, resourceVersion: '7', uid: 'u', generation: 2 } };
    expect(write(Pod, created, bumped, { manager: 'other' })).toBe(bumped);
  });

  test('that removes fields removes them from their owners and assigns them to no one', () => {
    const { labels: _, ...metadata } = created.metadata;
    const written = write(Pod, created, { ...created, metadata }, { manager: 'other', time: later });
    expect(Object.keys(owners(written))).toEqual(['creator']);
    expect(owners(written).creator).toMatchObject({ 'f:metadata': { 'f:finalizers': {} } });
    expect(JSON.stringify(owners(written).creator)).not.toContain('labels');
  });

  test('that removes a list item removes all fields in it', () => {
    const written = write(
      Pod,
      created,
      { ...created, spec: { ...created.spec, containers: [created.spec.containers[1]] } },
      { manager: 'other' },
    );
    expect(JSON.stringify(owners(written))).not.toContain('"k:{\\"name\\":\\"a\\"}');
  });

  test('that only moves list items does not change ownership', () => {
    const written = write(
      Pod,
      created,
      { ...created, spec: { ...created.spec, containers: [...created.spec.containers].reverse() } },
      { manager: 'other' },
    );
    expect(written.metadata.managedFields).toBe(created.metadata.managedFields);
  });

  test('through /status is recorded apart, and not of the spec', () => {
    const after = { ...changed, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } };
    expect(owners(write(Pod, created, after, { subresource: 'status' }))['kubelet/status']).toEqual({
      'f:status': {
        'f:conditions': { '.': {}, 'k:{"type":"Ready"}': { '.': {}, 'f:status': {}, 'f:type': {} } },
        'f:phase': {},
      },
    });
  });

  test('of the status through the object itself is not recorded', () => {
    const after = { ...created, status: { phase: 'Running' } };
    expect(write(Pod, created, after, { manager: 'other' }).metadata.managedFields).toBe(
      created.metadata.managedFields,
    );
  });

  test('of an atomic value is one field', () => {
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd' },
      spec: { selector: { matchLabels: { a: 'b' } }, template: { spec: { tolerations: [{ key: 'x' }] } } },
    };
    expect(owners(write(Deployment, undefined, deployment))).toEqual({
      kubelet: { 'f:spec': { 'f:selector': {}, 'f:template': { 'f:spec': { 'f:tolerations': {} } } } },
    });
  });
});

describe('managedFields sent by a client', () => {
  const created = write(Pod, undefined, pod, { manager: 'creator' });
  const sending = (managedFields: unknown) =>
    ({ ...created, metadata: { ...created.metadata, managedFields } }) as unknown as typeof created;

  test('nothing keeps the live entries', () => {
    const { managedFields: _, ...metadata } = created.metadata as { managedFields?: unknown } & typeof pod.metadata;
    const written = write(Pod, created, { ...created, metadata } as typeof created, { manager: 'other' });
    expect(written.metadata.managedFields).toBe(created.metadata.managedFields);
  });

  test.each([[[]], [[{}]]])('%j forgets all owners, until the next apply', (sent) => {
    const reset = write(Pod, created, sending(sent), { manager: 'other' });
    expect(reset.metadata).not.toHaveProperty('managedFields');
    const next = write(Pod, reset, { ...reset, metadata: { ...reset.metadata, labels: { app: 'new' } } });
    expect(next.metadata).not.toHaveProperty('managedFields');
  });

  test('entries in the request replace the live ones', () => {
    const [entry] = created.metadata.managedFields ?? [];
    const written = write(Pod, created, sending([{ ...entry, manager: 'renamed' }]), { manager: 'other' });
    expect(Object.keys(owners(written))).toEqual(['renamed']);
  });

  test('malformed entries count as nothing', () => {
    const written = write(Pod, created, sending([{ manager: 'x', operation: 'Steal', apiVersion: 'v1' }]));
    expect(written.metadata.managedFields).toBe(created.metadata.managedFields);
  });

  test('is not read from writes to a subresource', () => {
    const written = write(Pod, created, sending([]), { subresource: 'status' });
    expect(written.metadata.managedFields).toBe(created.metadata.managedFields);
  });
});

describe('entries', () => {
  test('of more than ten updates are merged, the oldest first', () => {
    const base = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'c' },
      data: {} as { [key: string]: string },
    };
    let live: KubernetesObject & { data: { [key: string]: string } } = base;
    for (let i = 0; i < 12; i++) {
      const after = { ...live, data: { ...live.data, [`key${i}`]: 'x' } };
      live = write(ConfigMap, i === 0 ? undefined : live, after, {
        manager: `m${i}`,
        time: `2024-06-01T12:00:${String(i).padStart(2, '0')}Z`,
      });
    }
    expect(Object.keys(owners(live))).toHaveLength(10);
    expect(owners(live)['ancient-changes']).toEqual({
      'f:data': { '.': {}, 'f:key0': {}, 'f:key1': {}, 'f:key2': {} },
    });
    expect(live.metadata?.managedFields?.[0]).toMatchObject({ time: '2024-06-01T12:00:02Z' });
  });

  test('are sorted by operation, time and manager', () => {
    const created = write(Pod, undefined, pod, { manager: 'z', time: later });
    const after = { ...created, metadata: { ...created.metadata, labels: { app: 'x' } } };
    expect(Object.keys(owners(write(Pod, created, after, { manager: 'a', time: noon })))).toEqual(['a', 'z']);
  });

  test('can be taken off', () => {
    const created = write(Pod, undefined, pod);
    expect(stripManagedFields(created)).toEqual(pod);
    expect(stripManagedFields(pod)).toBe(pod);
  });
});
