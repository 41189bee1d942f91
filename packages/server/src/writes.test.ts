import {
  ConfigMap,
  Deployment,
  type Kind,
  type KubernetesObject,
  Lease,
  Namespace,
  type Node,
  Pod,
  Role,
  type Secret,
  type Service,
  type Stored,
} from '@orrery/api';
import type { AdmissionPlugin } from '@orrery/core';
import { describe, expect, it } from 'vitest';
import { configMapNamed, podNamed, refusal, type TestApi, testApi, Website } from './api.fixture.ts';

const key = (name: string) => ({ namespace: 'default', name });
const revision = (object: KubernetesObject): number => Number(object.metadata?.resourceVersion);

const website = (more: object = {}): KubernetesObject =>
  ({
    apiVersion: 'demo.orrery.dev/v1',
    kind: 'Website',
    metadata: { name: 'w', namespace: 'default' },
    spec: { title: 'a' },
    ...more,
  }) as KubernetesObject;

const deployment = (replicas = 1, more: object = {}): Deployment =>
  ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', ...more },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'nginx' }] } },
    },
  }) as Deployment;

/** What a watch of the collection has told since it began. */
function eventsOf(api: TestApi, collection: string): string[] {
  const events: string[] = [];
  api.store.watch(collection, {}, api.store.revision).subscribe(({ type }) => events.push(type));
  return events;
}

describe('create', () => {
  it('fills in what the server alone says, and takes out what a client says of it', async () => {
    const { admin } = await testApi();
    const made = await admin.create(
      configMapNamed('c', '1', {
        uid: 'mine',
        creationTimestamp: '2001-01-01T00:00:00Z',
        deletionTimestamp: '2001-01-01T00:00:00Z',
        deletionGracePeriodSeconds: 5,
        generation: 7,
        selfLink: '/x',
      }),
    );
    const { managedFields: _, ...metadata } = made.metadata;
    expect(metadata).toEqual({
      name: 'c',
      namespace: 'default',
      uid: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      creationTimestamp: '2026-01-01T00:00:00Z',
      resourceVersion: '1',
    });
    expect(Object.isFrozen(made)).toBe(true);
  });

  it('refuses a resourceVersion with 500 and no reason', async () => {
    const { admin } = await testApi();
    expect(await refusal(admin.create(configMapNamed('c', '1', { resourceVersion: '5' })))).toMatchObject({
      code: 500,
      reason: '',
      message: 'resourceVersion should not be set on objects to be created',
    });
    await admin.create(configMapNamed('c', '1', { resourceVersion: '0' }));
  });

  it('refuses a name that is taken, and says so if the other is being deleted', async () => {
    const { admin } = await testApi();
    await admin.create(configMapNamed('c', '1', { finalizers: ['a/b'] }));
    expect(await refusal(admin.create(configMapNamed('c')))).toMatchObject({
      code: 409,
      reason: 'AlreadyExists',
      message: 'configmaps "c" already exists',
    });
    await admin.delete(ConfigMap, key('c'));
    expect((await refusal(admin.create(configMapNamed('c')))).message).toBe(
      'object is being deleted: configmaps "c" already exists',
    );
  });

  it('refuses a body for another namespace than that of the request', async () => {
    const { server, scope } = await testApi();
    const request = server.create(scope(ConfigMap as Kind, 'c', { namespace: 'other' }), configMapNamed('c'), {});
    expect(await refusal(request)).toMatchObject({
      code: 400,
      message: 'the namespace of the provided object does not match the namespace sent on the request',
    });
  });

  it('refuses what is not valid with 422 and one cause per fault, and stores nothing', async () => {
    const { admin, store } = await testApi();
    const faulty = await refusal(admin.create(podNamed('UPPER', {}, { containers: [{ name: 'main' }] })));
    expect(faulty).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(faulty.causes.map(({ field }) => field)).toEqual(['metadata.name', 'spec.containers[0].image']);
    expect(store.revision).toBe(0);
  });

  it('drops the status of kinds whose status is a subresource; a Pod is Pending, with its QoS class', async () => {
    const { admin } = await testApi();
    const pod = await admin.create({ ...podNamed('p'), status: { phase: 'Running', podIP: '1.2.3.4' } } as Pod);
    expect(pod.status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
    const made = await admin.create({ ...deployment(), status: { replicas: 3 } } as Deployment);
    expect(made.status).toEqual({});
  });

  it('keeps the status that a node registers itself with', async () => {
    const { admin } = await testApi();
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, status: { capacity: { cpu: '1' } } };
    expect((await admin.create(node as unknown as Node)).status?.capacity).toEqual({ cpu: '1' });
  });

  it('gives a namespace its finalizer, its phase and the label of its name', async () => {
    const { admin } = await testApi();
    const made = await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } } as Namespace);
    expect(made).toMatchObject({
      metadata: { labels: { 'kubernetes.io/metadata.name': 'n' } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
  });

  it('marks a Pod with scheduling gates as gated, until the last gate goes', async () => {
    const { admin } = await testApi();
    const pod = await admin.create(podNamed('p', {}, { schedulingGates: [{ name: 'a/b' }] }));
    expect(pod.status?.conditions).toMatchObject([
      { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' },
    ]);
    const free = await admin.update({ ...pod, spec: { ...pod.spec, schedulingGates: [] } });
    expect(free.status?.conditions ?? []).toEqual([]);
  });

  it('warns of owners that are named twice, and keeps each once', async () => {
    const { server, scope, warnings } = await testApi();
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' };
    const body = configMapNamed('c', '1', { ownerReferences: [owner, { ...owner, uid: 'v' }, { ...owner }] });
    const { object } = await server.create(scope(ConfigMap as Kind, 'c'), body, {});
    expect(object.metadata?.ownerReferences?.map(({ uid }) => uid)).toEqual(['u', 'v']);
    expect(warnings).toEqual([expect.stringContaining('duplicate UID(s) observed: u')]);
  });

  it('gives the name that generateName asks for: 58 bytes of it and five characters', async () => {
    const { admin } = await testApi();
    const made = await admin.create(configMapNamed('', '1', { generateName: `${'x'.repeat(60)}-` }));
    expect(made.metadata.name).toMatch(/^x{58}[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect((await admin.create(configMapNamed('kept', '1', { generateName: 'x-' }))).metadata.name).toBe('kept');
  });

  it('tries eight generated names, then gives up with a hint to try again', async () => {
    const { admin, sim } = await testApi();
    let asked = 0;
    Object.assign(sim.environment, {
      random: { ...randomOf(sim), nameSuffix: () => (asked++ < 8 ? 'aaaaa' : 'bbbbb') },
    });
    await admin.create(configMapNamed('', '1', { generateName: 'x-' }));
    asked = 0;
    expect(await refusal(admin.create(configMapNamed('', '1', { generateName: 'x-' })))).toMatchObject({
      code: 409,
      reason: 'AlreadyExists',
      message: 'configmaps "x-aaaaa" already exists, the server was not able to generate a unique name for the object',
      status: { details: { retryAfterSeconds: 1 } },
    });
    asked = 1;
    expect((await admin.create(configMapNamed('', '1', { generateName: 'x-' }))).metadata.name).toBe('x-bbbbb');
  });

  it('as a dry run does all but store', async () => {
    const { admin, store } = await testApi();
    const made = await admin.create(configMapNamed('c'), { dryRun: true });
    expect(made.metadata).toMatchObject({ name: 'c', uid: expect.any(String) });
    expect(store.revision).toBe(0);
    await admin.create(configMapNamed('c'));
    expect((await refusal(admin.create(configMapNamed('c'), { dryRun: true }))).reason).toBe('AlreadyExists');
  });

  it('goes through admission: changed by mutation before its name is there, refused by validation', async () => {
    const names: string[] = [];
    const plugin: AdmissionPlugin = {
      name: 'Test',
      mutate: ({ object, name }) => {
        names.push(name);
        return { ...object, data: { value: 'changed' } } as KubernetesObject;
      },
      validate: ({ name, object }) => {
        names.push(name);
        if (object?.metadata?.uid === undefined) throw new Error('no uid yet');
      },
    };
    const { admin } = await testApi({ admission: [plugin] });
    const made = await admin.create(configMapNamed('', '1', { generateName: 'x-' }));
    expect(made).toMatchObject({ data: { value: 'changed' } });
    expect(names).toEqual(['', made.metadata.name]);
  });
});

function randomOf(sim: TestApi['sim']) {
  const { random } = sim.environment;
  return {
    uuid: () => random.uuid(),
    integer: (n: number) => random.integer(n),
    fork: (name: string) => random.fork(name),
  };
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

  it('with a revision that is none is invalid', async () => {
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

  it('that is meant for another uid is a conflict', async () => {
    const { admin } = await testApi();
    const { metadata } = await admin.create(configMapNamed('c'));
    const { code, message } = await refusal(admin.update(configMapNamed('c', '2', { uid: 'other' })));
    expect(code).toBe(409);
    expect(message).toContain(`Precondition failed: UID in precondition: other, UID in object meta: ${metadata.uid}`);
  });

  it('of what is not there is 404', async () => {
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

  it('that changes nothing is no write: same revision, no event', async () => {
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

  it('leaves what the server says of an object as it is', async () => {
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

  it('of the finalizers of a namespace goes through /finalize alone', async () => {
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

  it('that loses a race is tried again where it named no revision', async () => {
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

describe('generation', () => {
  const generationAfter = async (change: (made: Stored<Deployment>) => Deployment): Promise<number | undefined> => {
    const { admin } = await testApi();
    const made = await admin.create(deployment());
    expect(made.metadata.generation).toBe(1);
    return (await admin.update(change(made))).metadata.generation;
  };

  it.each<[string, number, (made: Stored<Deployment>) => Deployment]>([
    ['counts a change of the spec', 2, (made) => ({ ...made, spec: { ...made.spec, replicas: 2 } })],
    ['does not count labels', 1, (made) => ({ ...made, metadata: { ...made.metadata, labels: { a: 'b' } } })],
    [
      'counts annotations of a Deployment',
      2,
      (made) => ({ ...made, metadata: { ...made.metadata, annotations: { a: 'b' } } }),
    ],
    [
      'cannot be set by clients',
      2,
      (made) => ({ ...made, metadata: { ...made.metadata, generation: 50 }, spec: { ...made.spec, replicas: 2 } }),
    ],
  ])('%s', async (_, expected, change) => {
    expect(await generationAfter(change)).toBe(expected);
  });

  it('does not count a status', async () => {
    const { admin } = await testApi();
    const made = await admin.create(deployment());
    const updated = await admin.updateStatus({ ...made, status: { replicas: 1 } });
    expect(updated.metadata.generation).toBe(1);
  });

  it('counts the mark of deletion', async () => {
    const { admin } = await testApi();
    await admin.create(deployment(1, { finalizers: ['a/b'] }));
    expect((await admin.delete(Deployment, key('web')))?.metadata.generation).toBe(2);
  });

  it('is not kept for ConfigMaps and Nodes', async () => {
    const { admin } = await testApi();
    const map = await admin.create(configMapNamed('c'));
    const node = await admin.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } } as Node);
    expect([map.metadata.generation, node.metadata.generation]).toEqual([undefined, undefined]);
  });

  it('of a custom object counts all but metadata and status', async () => {
    const { admin } = await testApi({ kinds: [Website] });
    const made = (await admin.create(website())) as Stored<KubernetesObject & { spec: object }>;
    const other = await admin.update({ ...made, spec: { title: 'b' } });
    const labelled = await admin.update({ ...other, metadata: { ...other.metadata, labels: { a: 'b' } } });
    expect([other.metadata.generation, labelled.metadata.generation]).toEqual([2, 2]);
  });
});

describe('status', () => {
  it('of a Pod leaves spec, owners and QoS class alone, and takes labels along', async () => {
    const { admin } = await testApi();
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'u' };
    const pod = await admin.create(podNamed('p', { ownerReferences: [owner] }));
    const { ownerReferences: _, ...metadata } = pod.metadata;
    const updated = await admin.updateStatus({
      ...pod,
      metadata: { ...metadata, labels: { a: 'b' } },
      spec: { ...pod.spec, nodeName: 'elsewhere' },
      status: { phase: 'Running', qosClass: 'Guaranteed' },
    } as Stored<Pod>);
    expect(updated.spec).toBe(pod.spec);
    expect(updated.metadata).toMatchObject({ labels: { a: 'b' }, ownerReferences: [owner] });
    expect(updated.status).toEqual({ phase: 'Running', qosClass: 'BestEffort' });
  });

  it.each<[string, object | undefined]>([
    ['that it has', { a: 'b' }],
    ['that it lacks', undefined],
  ])('of a Deployment leaves the labels alone %s', async (_, labels) => {
    const { admin } = await testApi();
    const made = await admin.create(deployment(1, labels === undefined ? {} : { labels }));
    const changed = { ...made, metadata: { ...made.metadata, labels: { x: 'y' } }, status: { replicas: 1 } };
    const updated = await admin.updateStatus(changed);
    expect(updated.metadata.labels).toEqual(labels);
    expect(updated.status).toEqual({ replicas: 1 });
  });

  it('of a custom object changes nothing but the status', async () => {
    const { admin } = await testApi({ kinds: [Website] });
    const made = await admin.create(website());
    const changed = {
      ...made,
      metadata: { ...made.metadata, labels: { x: 'y' }, annotations: { x: 'y' } },
      spec: { title: 'b' },
      status: { url: 'u' },
    } as unknown as Stored;
    const updated = await admin.updateStatus(changed);
    expect(updated).toMatchObject({ spec: { title: 'a' }, status: { url: 'u' } });
    expect([updated.metadata.labels, updated.metadata.annotations]).toEqual([undefined, undefined]);
  });

  it('is 404 for kinds that have none', async () => {
    const { admin } = await testApi();
    const made = await admin.create(configMapNamed('c'));
    expect(await refusal(admin.updateStatus(made))).toMatchObject({
      code: 404,
      message: 'the server could not find the requested resource',
    });
  });

  it('is not touched by an update of a Service through the main endpoint', async () => {
    const { admin } = await testApi();
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } };
    const made = await admin.create(service as unknown as Service);
    const updated = await admin.update({ ...made, status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } } });
    expect(updated.status).toEqual({ loadBalancer: {} });
  });
});

describe('managed fields', () => {
  it('record who wrote what, through which endpoint', async () => {
    const { admin } = await testApi();
    const pod = await admin.create(podNamed('p'), { fieldManager: 'creator' });
    const updated = await admin.updateStatus({ ...pod, status: { phase: 'Running' } }, { fieldManager: 'kubelet' });
    expect(
      updated.metadata.managedFields?.map(({ manager, operation, subresource }) => [manager, operation, subresource]),
    ).toEqual([
      ['creator', 'Update', undefined],
      ['kubelet', 'Update', 'status'],
    ]);
  });
});
