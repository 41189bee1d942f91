import { describe, expect, test } from 'vitest';
import type { Kind } from '../kind.ts';
import { ConfigMap, Deployment, Pod, Service } from '../kinds.ts';
import { deepFreeze, type KubernetesObject } from '../object.ts';
import { applyServerSide, lastAppliedAnnotation, trackUpdate } from './index.ts';

const noon = '2024-06-01T12:00:00Z';
const later = '2024-06-01T12:00:05Z';

interface Loose extends KubernetesObject {
  readonly [field: string]: unknown;
}

function apply(
  kind: Kind,
  live: KubernetesObject | undefined,
  content: object,
  { manager = 'me', force = false, subresource = '', time = noon } = {},
): Loose {
  const applied = deepFreeze({ apiVersion: kind.apiVersion, kind: kind.kind, metadata: { name: 'x' }, ...content });
  return deepFreeze(applyServerSide({ kind, live, applied, manager, force, time, subresource })) as Loose;
}

function update(kind: Kind, before: KubernetesObject, content: object, manager = 'updater', subresource = ''): Loose {
  const after = deepFreeze({ ...before, ...content });
  return deepFreeze(
    trackUpdate({ kind, before, after, manager, operation: 'Update', time: noon, subresource }),
  ) as Loose;
}

function owners(object: KubernetesObject): { [manager: string]: unknown } {
  const entries = (object.metadata?.managedFields ?? []) as { manager: string; operation: string; fieldsV1: unknown }[];
  return Object.fromEntries(entries.map(({ manager, operation, fieldsV1 }) => [`${operation} ${manager}`, fieldsV1]));
}

const data = (content: { [key: string]: string | null }) => ({ data: content });

describe('a first apply', () => {
  test('creates the applied fields, owned leaf by leaf', () => {
    const created = apply(Deployment, undefined, {
      metadata: { name: 'x', labels: { a: '1' } },
      spec: { replicas: 2, template: { spec: { containers: [{ name: 'c', ports: [{ containerPort: 80 }] }] } } },
    });
    expect(created.spec).toEqual({
      replicas: 2,
      template: { spec: { containers: [{ name: 'c', ports: [{ containerPort: 80 }] }] } },
    });
    expect(created.metadata?.managedFields).toEqual([
      {
        manager: 'me',
        operation: 'Apply',
        apiVersion: 'apps/v1',
        time: noon,
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:labels': { 'f:a': {} } },
          'f:spec': {
            'f:replicas': {},
            'f:template': {
              'f:spec': {
                'f:containers': {
                  'k:{"name":"c"}': {
                    '.': {},
                    'f:name': {},
                    'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
                  },
                },
              },
            },
          },
        },
      },
    ]);
  });

  test('to an untracked object leaves the other fields to "before-first-apply"', () => {
    const live = deepFreeze({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'x', uid: 'u' },
      data: { a: '1' },
    });
    const after = apply(ConfigMap, live, data({ b: '2' }));
    expect(after.data).toEqual({ a: '1', b: '2' });
    expect(owners(after)).toEqual({
      'Apply me': { 'f:data': { 'f:b': {} } },
      'Update before-first-apply': { 'f:data': { '.': {}, 'f:a': {} } },
    });
  });
});

describe('a later apply', () => {
  const live = apply(ConfigMap, undefined, data({ a: '1', b: '2' }));

  test('without changes returns the live object itself', () => {
    expect(apply(ConfigMap, live, data({ b: '2', a: '1' }), { time: later })).toBe(live);
  });

  test('changes and adds', () => {
    const after = apply(ConfigMap, live, data({ a: '3', b: '2', c: '4' }), { time: later });
    expect(after.data).toEqual({ a: '3', b: '2', c: '4' });
    expect(after.metadata?.managedFields?.[0]).toMatchObject({ time: later });
  });

  test('prunes fields that it no longer contains', () => {
    expect(apply(ConfigMap, live, data({ a: '1' })).data).toEqual({ a: '1' });
    expect(apply(ConfigMap, live, {})).not.toHaveProperty('data');
  });

  test('keeps what another manager owns as well', () => {
    const shared = apply(ConfigMap, live, data({ b: '2' }), { manager: 'other' });
    expect(owners(shared)).toEqual({
      'Apply me': { 'f:data': { 'f:a': {}, 'f:b': {} } },
      'Apply other': { 'f:data': { 'f:b': {} } },
    });
    const after = apply(ConfigMap, shared, data({ a: '1' }));
    expect(after.data).toEqual({ a: '1', b: '2' });
    expect(owners(after)['Apply me']).toEqual({ 'f:data': { 'f:a': {} } });
  });

  test('never prunes what it never applied', () => {
    const updated = update(ConfigMap, live, data({ a: '1', b: '2', c: '3' }));
    expect(apply(ConfigMap, updated, data({ a: '1' })).data).toEqual({ a: '1', c: '3' });
  });

  test('removes with null', () => {
    expect(apply(ConfigMap, live, data({ a: '1', b: null })).data).toEqual({ a: '1' });
  });

  test('shares unchanged parts with the live object', () => {
    const deployment = apply(Deployment, undefined, {
      spec: { replicas: 1, template: { spec: { containers: [{ name: 'c' }] } } },
    });
    const after = apply(Deployment, deployment, {
      spec: { replicas: 2, template: { spec: { containers: [{ name: 'c' }] } } },
    });
    expect((after.spec as Loose).template).toBe((deployment.spec as Loose).template);
  });
});

describe('conflicts', () => {
  const live = update(
    Deployment,
    apply(Deployment, undefined, { spec: { replicas: 1, paused: true } }),
    { spec: { replicas: 3, paused: false } },
    'scaler',
  );

  test('are refused with the owner and the field', () => {
    expect(() => apply(Deployment, live, { spec: { replicas: 2 } })).toThrow(
      expect.objectContaining({
        message: 'Apply failed with 1 conflict: conflict with "scaler" using apps/v1: .spec.replicas',
        status: expect.objectContaining({
          code: 409,
          reason: 'Conflict',
          details: {
            causes: [
              {
                reason: 'FieldManagerConflict',
                message: 'conflict with "scaler" using apps/v1',
                field: '.spec.replicas',
              },
            ],
          },
        }),
      }),
    );
  });

  test('are listed by owner', () => {
    const more = apply(Deployment, live, { spec: { minReadySeconds: 5 } }, { manager: 'patience' });
    expect(() => apply(Deployment, more, { spec: { replicas: 2, paused: true, minReadySeconds: 1 } })).toThrow(
      'Apply failed with 3 conflicts: conflicts with "patience":\n- .spec.minReadySeconds\nconflicts with "scaler" using apps/v1:\n- .spec.paused\n- .spec.replicas',
    );
  });

  test('name the subresource', () => {
    const status = update(Deployment, live, { status: { replicas: 3 } }, 'controller', 'status');
    expect(() => apply(Deployment, status, { status: { replicas: 4 } }, { subresource: 'status' })).toThrow(
      'conflict with "controller" with subresource "status" using apps/v1: .status.replicas',
    );
  });

  test('are none where the values agree: the field is shared', () => {
    const after = apply(Deployment, live, { spec: { replicas: 3 } });
    expect(Object.keys(owners(after))).toEqual(['Apply me', 'Update scaler']);
  });

  test('are won by force, and the field changes hands', () => {
    const after = apply(Deployment, live, { spec: { replicas: 2 } }, { force: true });
    expect(after.spec).toMatchObject({ replicas: 2, paused: false });
    expect(owners(after)).toEqual({
      'Apply me': { 'f:spec': { 'f:replicas': {} } },
      'Update scaler': { 'f:spec': { 'f:paused': {} } },
    });
  });
});

describe('lists', () => {
  const containers = (...names: string[]) => ({ spec: { containers: names.map((name) => ({ name })) } });
  const namesOf = (object: Loose): string[] =>
    (object.spec as { containers: { name: string }[] }).containers.map(({ name }) => name);

  test.each([
    ['own order first, others where they were', ['s', 'a', 't', 'b'], ['b', 'a'], ['s', 't', 'b', 'a']],
    ['new items between', ['a', 'b'], ['a', 'n', 'b'], ['a', 'n', 'b']],
    ['new items behind', ['a', 's'], ['a', 'n'], ['a', 's', 'n']],
  ])('merge by key: %s', (_, live, applied, expected) => {
    const before = deepFreeze({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'x', uid: 'u' },
      ...containers(...live),
    });
    expect(namesOf(apply(Pod, before, containers(...applied)))).toEqual(expected);
  });

  test('of scalars are sets', () => {
    const before = update(Pod, apply(Pod, undefined, { metadata: { name: 'x', finalizers: ['a/1'] } }), {
      metadata: { name: 'x', finalizers: ['a/1', 'b/2'] },
    });
    const after = apply(Pod, before, { metadata: { name: 'x', finalizers: ['c/3'] } });
    expect(after.metadata?.finalizers).toEqual(['b/2', 'c/3']);
  });

  test('of atomic type are replaced whole', () => {
    const before = apply(Pod, undefined, { spec: { tolerations: [{ key: 'a' }, { key: 'b' }] } });
    expect(apply(Pod, before, { spec: { tolerations: [{ key: 'c' }] } }).spec).toEqual({ tolerations: [{ key: 'c' }] });
  });

  test('know ports by number and protocol, TCP where none is said', () => {
    const before = apply(Service, undefined, { spec: { ports: [{ port: 53, protocol: 'UDP' }, { port: 53 }] } });
    const after = apply(Service, before, {
      spec: {
        ports: [
          { port: 53, protocol: 'TCP', name: 'tcp' },
          { port: 53, protocol: 'UDP' },
        ],
      },
    });
    expect((after.spec as Loose).ports).toEqual([
      { port: 53, protocol: 'TCP', name: 'tcp' },
      { port: 53, protocol: 'UDP' },
    ]);
  });

  test('a pruned item is removed with everything that others added to it', () => {
    const before = update(Pod, apply(Pod, undefined, containers('a', 'b')), {
      spec: { containers: [{ name: 'a' }, { name: 'b', image: 'added' }] },
    });
    expect(namesOf(apply(Pod, before, containers('a')))).toEqual(['a']);
  });
});

describe('parts that writes do not reach', () => {
  test('status is neither applied nor owned through the object', () => {
    const created = apply(Deployment, undefined, { spec: { replicas: 1 }, status: { replicas: 9 } });
    expect(created).not.toHaveProperty('status');
    expect(JSON.stringify(owners(created))).not.toContain('status');
  });

  test('nor spec through /status', () => {
    const live = apply(Deployment, undefined, { spec: { replicas: 1 } });
    const after = apply(
      Deployment,
      live,
      { spec: { replicas: 5 }, status: { replicas: 1 } },
      { subresource: 'status' },
    );
    expect(after.spec).toBe(live.spec);
    expect(after.status).toEqual({ replicas: 1 });
  });

  test('identity and null timestamps have no owner', () => {
    const live = deepFreeze({
      ...apply(ConfigMap, undefined, data({ a: '1' })),
      metadata: { ...apply(ConfigMap, undefined, data({ a: '1' })).metadata, creationTimestamp: noon, uid: 'u' },
    });
    const after = apply(ConfigMap, live, { metadata: { name: 'x', creationTimestamp: null }, ...data({ a: '1' }) });
    expect(after).toBe(live);
  });
});

describe('a configuration is refused', () => {
  test.each([
    ['of another kind', { kind: 'Secret' }, 'invalid object type: /v1, Kind=Secret'],
    ['of another group', { apiVersion: 'apps/v1' }, 'invalid object type: apps/v1, Kind=Pod'],
    ['with managedFields', { metadata: { name: 'x', managedFields: [] } }, 'metadata.managedFields must be nil'],
    [
      'with an unknown field',
      { spec: { colour: 'red' } },
      'failed to create typed patch object (/x; /v1, Kind=Pod): .spec.colour: field not declared in schema',
    ],
    [
      'with an item twice',
      { spec: { containers: [{ name: 'a' }, { name: 'a' }] } },
      'failed to create typed patch object (/x; /v1, Kind=Pod): .spec.containers: duplicate entries for key [name="a"]',
    ],
    [
      'with an item without key',
      { spec: { containers: [{ image: 'a' }] } },
      'failed to create typed patch object (/x; /v1, Kind=Pod): .spec.containers: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn\'t have default values for any key fields)',
    ],
  ])('%s', (_, content, message) => {
    expect(() => apply(Pod, undefined, content)).toThrow(
      expect.objectContaining({ message, status: expect.objectContaining({ code: 400 }) }),
    );
  });
});

describe("kubectl's move from client-side apply", () => {
  const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { a: '1', b: '2' } };
  const annotated = { name: 'x', uid: 'u', annotations: { [lastAppliedAnnotation]: JSON.stringify(config) } };
  const live = deepFreeze(
    trackUpdate({
      kind: ConfigMap,
      before: undefined,
      after: deepFreeze({ ...config, metadata: annotated }),
      manager: 'kubectl-client-side-apply',
      operation: 'Update',
      time: noon,
      subresource: '',
    }),
  );
  const drifted = update(ConfigMap, live, data({ a: '1', b: 'drifted' }), 'somebody');

  test('takes over applied fields that have not changed since', () => {
    const after = apply(ConfigMap, live, data({ a: 'new', b: '2' }), { manager: 'kubectl' });
    expect(after.data).toEqual({ a: 'new', b: '2' });
    expect(owners(after)['Apply kubectl']).toEqual({ 'f:data': { 'f:a': {}, 'f:b': {} } });
  });

  test('keeps the annotation up to date', () => {
    const after = apply(ConfigMap, live, data({ a: 'new' }), { manager: 'kubectl' });
    expect(after.metadata?.annotations?.[lastAppliedAnnotation]).toBe(
      '{"apiVersion":"v1","data":{"a":"new"},"kind":"ConfigMap","metadata":{"name":"x"}}\n',
    );
  });

  test('keeps the changes of other managers', () => {
    expect(() => apply(ConfigMap, drifted, data({ a: 'new', b: 'mine' }), { manager: 'kubectl' })).toThrow(
      'Apply failed with 1 conflict: conflict with "somebody" using v1: .data.b',
    );
  });

  test('is for the manager "kubectl" only', () => {
    expect(() => apply(ConfigMap, live, data({ a: 'new' }), { manager: 'other' })).toThrow(
      'conflict with "kubectl-client-side-apply" using v1: .data.a',
    );
  });
});
