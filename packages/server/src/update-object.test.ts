import {
  ConfigMap,
  type Kind,
  type KubernetesObject,
  Lease,
  Namespace,
  Pod,
  Role,
  type Secret,
  type Stored,
} from '@orrery/api';
import { describe, expect, it } from 'vitest';
import { configMapNamed, podNamed, refusal, type TestApi, testApi, Website, website } from './api.fixture.ts';

const key = (name: string) => ({ namespace: 'default', name });
const revision = (object: KubernetesObject): number => Number(object.metadata?.resourceVersion);

/** The events that a watch of the collection has delivered since it began. */
function eventsOf(api: TestApi, collection: string): string[] {
  const events: string[] = [];
  api.store.watch(collection, {}, api.store.revision).subscribe(({ type }) => events.push(type));
  return events;
}

describe('update', () => {
  it('at the stored revision replaces the object; at another one it is a conflict', async () => {
    const { admin } = await testApi();
    const first = await admin.create(configMapNamed('c'));
    const second = await admin.update({ ...first, data: { value: '2' } } as KubernetesObject);
    expect(revision(second)).toBe(2);
    expect(await refusal(admin.update({ ...first, data: { value: '3' } } as KubernetesObject))).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message:
        'Operation cannot be fulfilled on configmaps "c": the object has been modified; please apply your changes to the latest version and try again',
    });
  });

  it.each(['', '0', undefined])('without a revision (%j) the last write wins', async (resourceVersion) => {
    const { admin } = await testApi();
    await admin.create(configMapNamed('c'));
    const updated = await admin.update(configMapNamed('c', '2', { resourceVersion }));
    expect(updated).toMatchObject({ data: { value: '2' }, metadata: { resourceVersion: '2' } });
  });

  it('that stores nothing is answered at the revision that it found', async () => {
    const { admin } = await testApi();
    await admin.create(configMapNamed('c', '1', { finalizers: ['a/b'] }));
    const dry = await admin.update(configMapNamed('c', '2'), { dryRun: true });
    expect(dry).toMatchObject({ data: { value: '2' }, metadata: { resourceVersion: '1' } });
    await admin.delete(ConfigMap, key('c'));
    const last = await admin.update(configMapNamed('c', '3'));
    expect(last).toMatchObject({ data: { value: '3' }, metadata: { resourceVersion: '2' } });
    await expect(admin.get(ConfigMap, key('c'))).rejects.toThrow('not found');
  });

  it('with a malformed revision is invalid', async () => {
    const { admin } = await testApi();
    await admin.create(configMapNamed('c'));
    const { code, causes } = await refusal(admin.update(configMapNamed('c', '2', { resourceVersion: 'abc' })));
    expect([code, causes[0]?.field]).toEqual([422, 'metadata.resourceVersion']);
  });

  it.each<[string, KubernetesObject]>([
    ['a custom kind', website()],
    ['a Lease', { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'w', namespace: 'default' } }],
  ])('of %s must name a revision', async (_, object) => {
    const { admin } = await testApi({ kinds: [Website] });
    await admin.create(object);
    const { code, causes } = await refusal(admin.update(object));
    expect(code).toBe(422);
    expect(causes).toEqual([
      {
        reason: 'FieldValueInvalid',
        field: 'metadata.resourceVersion',
        message: 'Invalid value: 0: must be specified for an update',
      },
    ]);
  });

  it('with another UID is a conflict', async () => {
    const { admin } = await testApi();
    const { metadata } = await admin.create(configMapNamed('c'));
    const { code, message } = await refusal(admin.update(configMapNamed('c', '2', { uid: 'other' })));
    expect(code).toBe(409);
    expect(message).toContain(`Precondition failed: UID in precondition: other, UID in object meta: ${metadata.uid}`);
  });

  it('of a missing object is 404', async () => {
    const { admin } = await testApi();
    expect(await refusal(admin.update(configMapNamed('c')))).toMatchObject({
      code: 404,
      message: 'configmaps "c" not found',
    });
  });

  it.each<[string, Kind, KubernetesObject]>([
    ['Leases', Lease as Kind, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'x' } }],
    ['Roles', Role as Kind, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'x' } }],
  ])('creates %s that are not there, for who may create them', async (_, kind, object) => {
    const { admin, server, scope } = await testApi();
    const made = await server.update(scope(kind, 'x'), object, {});
    expect(made).toMatchObject({
      created: true,
      object: { metadata: { namespace: 'default', uid: expect.any(String) } },
    });
    await admin.delete(kind, key('x'));
    await allow(admin, 'updater', ['update'], kind);
    const updater = { username: 'updater', groups: [] };
    expect(await refusal(server.update(scope(kind, 'x', { user: updater }), object, {}))).toMatchObject({
      code: 403,
      message: expect.stringContaining('cannot create resource'),
    });
  });

  it.each<[string, object, RegExp]>([
    ['another name', configMapNamed('d'), /^the name of the object \(d\) does not match the name on the URL \(c\)$/],
    [
      'no name',
      { apiVersion: 'v1', kind: 'ConfigMap' },
      /^the name of the object \(c based on URL\) was undeterminable/,
    ],
    ['another namespace', configMapNamed('c', '1', { namespace: 'x' }), /^the namespace of the provided object/],
    ['another version', { ...configMapNamed('c'), apiVersion: 'v2' }, /^the API version in the data \(v2\)/],
    ['another kind', { ...configMapNamed('c'), kind: 'Secret' }, /cannot be handled as a ConfigMap/],
    ['a list', [], /unrecognized/],
  ])('is 400 for a body with %s', async (_, body, message) => {
    const { admin, server, scope } = await testApi();
    await admin.create(configMapNamed('c'));
    const refused = await refusal(server.update(scope(ConfigMap as Kind, 'c'), body, {}));
    expect(refused.code).toBe(400);
    expect(refused.message).toMatch(message);
  });

  it('that changes nothing writes nothing: same revision, no event', async () => {
    const api = await testApi();
    const pod = await api.admin.create(podNamed('p', { labels: { a: 'b' } }));
    const events = eventsOf(api, 'pods');
    await api.sim.advance('5s');
    const { metadata, ...rest } = structuredClone(pod) as Stored<Pod>;
    for (const same of [pod, { ...rest, metadata }, podNamed('p', { labels: { a: 'b' } })])
      expect(await api.admin.update(same)).toBe(pod);
    expect(await api.admin.patch(Pod, key('p'), { type: 'merge', patch: { metadata: { labels: { a: 'b' } } } })).toBe(
      pod,
    );
    expect(await api.admin.updateStatus(pod)).toBe(pod);
    expect(events).toEqual([]);
  });

  it('leaves the fields that only the server sets unchanged', async () => {
    const { admin } = await testApi();
    const pod = await admin.create(podNamed('p'));
    const changed = await admin.update({
      ...pod,
      metadata: {
        ...pod.metadata,
        labels: { new: 'label' },
        creationTimestamp: '2001-01-01T00:00:00Z',
        generation: 99,
        deletionTimestamp: '2001-01-01T00:00:00Z',
        deletionGracePeriodSeconds: 0,
      },
      status: { phase: 'Running' },
    } as Stored<Pod>);
    expect(changed.metadata).toMatchObject({ creationTimestamp: '2026-01-01T00:00:00Z', generation: 1 });
    expect(changed.metadata.deletionTimestamp).toBeUndefined();
    expect(changed.metadata.deletionGracePeriodSeconds).toBeUndefined();
    expect(changed.status).toEqual(pod.status);
  });

  it('changes the finalizers of a namespace only through /finalize', async () => {
    const { admin } = await testApi();
    const made = await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } } as Namespace);
    const { spec } = await admin.update({ ...made, spec: { finalizers: [] } });
    expect(spec).toEqual({ finalizers: ['kubernetes'] });
    const finalized = await admin.updateSubresource(Namespace as Kind, 'n', 'finalize', {
      ...made,
      spec: { finalizers: [] },
    } as KubernetesObject);
    expect((finalized as Namespace).spec.finalizers ?? []).toEqual([]);
  });

  it('that loses a race is retried if it named no revision', async () => {
    const { admin } = await testApi();
    await admin.create(configMapNamed('c'));
    const patches = ['a', 'b', 'c', 'd'].map((name) =>
      admin.patch(ConfigMap, key('c'), { type: 'merge', patch: { data: { [name]: '1' } } }),
    );
    await Promise.all(patches);
    const { data } = await admin.get(ConfigMap, key('c'));
    expect(Object.keys(data ?? {}).sort()).toEqual(['a', 'b', 'c', 'd', 'value']);
  });

  it('as a dry run answers with the result and stores nothing', async () => {
    const { admin, store } = await testApi();
    const first = await admin.create(configMapNamed('c'));
    const dry = await admin.update({ ...first, data: { value: '2' } } as KubernetesObject, { dryRun: true });
    expect(dry).toMatchObject({ data: { value: '2' } });
    expect(store.revision).toBe(1);
  });

  it('of the key of an immutable Secret is refused', async () => {
    const { admin } = await testApi();
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { a: 'YQ==' }, immutable: true };
    const made = await admin.create(secret as unknown as Secret);
    const { code, reason } = await refusal(admin.update({ ...made, data: { a: 'Yg==' } }));
    expect([code, reason]).toEqual([422, 'Invalid']);
  });
});

async function allow(admin: TestApi['admin'], user: string, verbs: readonly string[], kind: Kind): Promise<void> {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const rules = [{ verbs, apiGroups: [kind.group], resources: [kind.resource] }];
  await admin.create({ apiVersion, kind: 'ClusterRole', metadata: { name: user }, rules } as KubernetesObject);
  await admin.create({
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: { name: user },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: user },
    subjects: [{ kind: 'User', name: user, apiGroup: 'rbac.authorization.k8s.io' }],
  } as KubernetesObject);
}
