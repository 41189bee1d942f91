import {
  ConfigMap,
  Deployment,
  Event,
  type Kind,
  type KubernetesObject,
  Namespace,
  Pod,
  type Stored,
} from '@orrery/api';
import { describe, expect, it } from 'vitest';
import { configMapNamed, podNamed, refusal, type TestApi, testApi } from './api.fixture.ts';
import type { DeleteRequestOptions } from './request-path.ts';

const key = 'default/p';

/** A Pod that runs on a node, with a grace period of 30 seconds. */
async function withRunningPod(more: object = {}, spec: object = {}): Promise<TestApi> {
  const api = await testApi();
  const pod = await api.admin.create(podNamed('p', more, { nodeName: 'n1', ...spec }));
  await api.admin.updateStatus({ ...pod, status: { ...pod.status, phase: 'Running' } });
  return api;
}

const remove = (api: TestApi, kind: Kind, name: string, options: DeleteRequestOptions = {}) =>
  api.server.delete(api.scope(kind, name), options);

describe('a Pod', () => {
  it.each<[string, object, DeleteRequestOptions, number, string]>([
    ['gets the grace that its spec says', {}, {}, 30, '2026-01-01T00:00:30Z'],
    ['gets the grace that the request asks for', {}, { gracePeriodSeconds: 5 }, 5, '2026-01-01T00:00:05Z'],
    ['gets one second for a negative grace of the request', {}, { gracePeriodSeconds: -1 }, 1, '2026-01-01T00:00:01Z'],
    ['gets one second for a negative grace', { terminationGracePeriodSeconds: -1 }, {}, 1, '2026-01-01T00:00:01Z'],
  ])('%s, and stays until then', async (_, spec, options, grace, at) => {
    const api = await withRunningPod({}, spec);
    const { body, accepted } = await remove(api, Pod as Kind, 'p', options);
    expect(accepted).toBe(false);
    expect(body).toMatchObject({
      kind: 'Pod',
      metadata: { deletionTimestamp: at, deletionGracePeriodSeconds: grace, generation: 2 },
    });
    expect(await api.admin.get(Pod, key)).toBe(body);
  });

  it.each<[string, (api: TestApi) => Promise<unknown>, DeleteRequestOptions]>([
    ['without a grace', () => Promise.resolve(), { gracePeriodSeconds: 0 }],
    ...(['Succeeded', 'Failed'] as const).map(
      (phase): [string, (api: TestApi) => Promise<unknown>, DeleteRequestOptions] => [
        `that has ended (${phase})`,
        async ({ admin }) => {
          const pod = await admin.get(Pod, key);
          await admin.updateStatus({ ...pod, status: { ...pod.status, phase } });
        },
        {},
      ],
    ),
  ])('%s goes at once, and the answer is its last state', async (_, before, options) => {
    const api = await withRunningPod();
    await before(api);
    const { body } = await remove(api, Pod as Kind, 'p', options);
    expect(body).toMatchObject({ kind: 'Pod', metadata: { name: 'p' } });
    expect((await refusal(api.admin.get(Pod, key))).reason).toBe('NotFound');
  });

  it('that is not bound to a node is removed at once', async () => {
    const api = await testApi();
    await api.admin.create(podNamed('p'));
    expect(await api.admin.delete(Pod, key)).toBeUndefined();
    expect(api.store.count('pods')).toBe(0);
  });

  it.each<[string, DeleteRequestOptions, number, string]>([
    ['a shorter grace moves the end', { gracePeriodSeconds: 20 }, 20, '2026-01-01T00:00:20Z'],
    ['a grace that is over moves the end to now', { gracePeriodSeconds: 5 }, 5, '2026-01-01T00:00:10Z'],
    ['the same grace changes nothing', { gracePeriodSeconds: 30 }, 30, '2026-01-01T00:00:30Z'],
    ['a longer grace changes nothing', { gracePeriodSeconds: 60 }, 30, '2026-01-01T00:00:30Z'],
    ['no grace changes nothing', {}, 30, '2026-01-01T00:00:30Z'],
  ])('that is deleted again: %s', async (_, options, grace, at) => {
    const api = await withRunningPod();
    const first = await remove(api, Pod as Kind, 'p');
    await api.sim.advance('10s');
    const { body } = await remove(api, Pod as Kind, 'p', options);
    expect(body).toMatchObject({
      metadata: { deletionGracePeriodSeconds: grace, deletionTimestamp: at, generation: 2 },
    });
    if (grace === 30) expect(body).toBe(first.body);
  });

  it('that is deleted again with no grace period is removed, unless finalizers hold it', async () => {
    const api = await withRunningPod();
    await remove(api, Pod as Kind, 'p');
    await remove(api, Pod as Kind, 'p', { gracePeriodSeconds: 0 });
    expect(api.store.count('pods')).toBe(0);
    const held = await withRunningPod({ finalizers: ['a/b'] });
    await remove(held, Pod as Kind, 'p');
    const { body } = await remove(held, Pod as Kind, 'p', { gracePeriodSeconds: 0 });
    expect(body).toMatchObject({ metadata: { deletionGracePeriodSeconds: 0, finalizers: ['a/b'] } });
  });

  it('stays marked: its deletion cannot be undone, nor its grace period extended', async () => {
    const api = await withRunningPod();
    const { metadata, ...rest } = (await remove(api, Pod as Kind, 'p')).body as Stored<Pod>;
    const { deletionTimestamp, deletionGracePeriodSeconds, ...unmarked } = metadata;
    const again = await api.admin.update({ ...rest, metadata: unmarked } as Stored<Pod>);
    expect(again.metadata).toMatchObject({ deletionTimestamp, deletionGracePeriodSeconds });
    const later = { ...again.metadata, deletionTimestamp: '2027-01-01T00:00:00Z' };
    expect((await api.admin.update({ ...again, metadata: later })).metadata.deletionTimestamp).toBe(deletionTimestamp);
  });

  it('with a finalizer and an expired grace period is removed with the last finalizer', async () => {
    const api = await withRunningPod({ finalizers: ['a/b'] });
    const { body } = await remove(api, Pod as Kind, 'p', { gracePeriodSeconds: 0 });
    const pod = body as Stored<Pod>;
    const freed = await api.admin.update({ ...pod, metadata: { ...pod.metadata, finalizers: [] } });
    expect(freed.metadata.name).toBe('p');
    expect(api.store.count('pods')).toBe(0);
  });

  it('that has grace period left stays when its last finalizer is removed', async () => {
    const api = await withRunningPod({ finalizers: ['a/b'] });
    const pod = (await remove(api, Pod as Kind, 'p')).body as Stored<Pod>;
    await api.admin.update({ ...pod, metadata: { ...pod.metadata, finalizers: [] } });
    expect(api.store.count('pods')).toBe(1);
  });
});

describe('an object', () => {
  it('is removed at once; the response is a Status that names it', async () => {
    const api = await testApi();
    const { metadata } = await api.admin.create(configMapNamed('c'));
    expect((await remove(api, ConfigMap as Kind, 'c')).body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'c', kind: 'configmaps', uid: metadata.uid },
    });
    expect((await refusal(remove(api, ConfigMap as Kind, 'c'))).code).toBe(404);
  });

  it('with finalizers is marked, and removed by the update that removes the last one', async () => {
    const api = await testApi();
    await api.admin.create(configMapNamed('c', '1', { finalizers: ['a/b', 'c/d'] }));
    const marked = (await remove(api, ConfigMap as Kind, 'c')).body as Stored;
    expect(marked.metadata).toMatchObject({
      deletionTimestamp: '2026-01-01T00:00:00Z',
      deletionGracePeriodSeconds: 0,
      finalizers: ['a/b', 'c/d'],
    });
    expect((await remove(api, ConfigMap as Kind, 'c')).body).toBe(marked);
    const one = await api.admin.update({ ...marked, metadata: { ...marked.metadata, finalizers: ['a/b'] } });
    expect(api.store.count('configmaps')).toBe(1);
    await api.admin.patch(ConfigMap, 'default/c', { type: 'merge', patch: { metadata: { finalizers: null } } });
    expect(api.store.count('configmaps')).toBe(0);
    expect(one.metadata.finalizers).toEqual(['a/b']);
  });

  it('that is being deleted accepts no new finalizers', async () => {
    const api = await testApi();
    await api.admin.create(configMapNamed('c', '1', { finalizers: ['a/b'] }));
    const marked = (await remove(api, ConfigMap as Kind, 'c')).body as Stored;
    const { causes } = await refusal(
      api.admin.update({ ...marked, metadata: { ...marked.metadata, finalizers: ['a/b', 'c/d'] } }),
    );
    expect(causes).toMatchObject([
      {
        reason: 'FieldValueForbidden',
        field: 'metadata.finalizers',
        message: expect.stringContaining('no new finalizers can be added if the object is being deleted'),
      },
    ]);
  });

  it.each<[string, DeleteRequestOptions, readonly string[] | undefined]>([
    ['Foreground', { propagationPolicy: 'Foreground' }, ['foregroundDeletion']],
    ['Orphan', { propagationPolicy: 'Orphan' }, ['orphan']],
    ['orphanDependents', { orphanDependents: true }, ['orphan']],
    ['Background', { propagationPolicy: 'Background' }, undefined],
    ['nothing', {}, undefined],
  ])('deleted with %s waits for the garbage collector as that says', async (_, options, finalizers) => {
    const api = await testApi();
    await api.admin.create(configMapNamed('c'));
    const { body } = await remove(api, ConfigMap as Kind, 'c', options);
    expect((body as KubernetesObject).metadata?.finalizers).toEqual(finalizers);
    expect(api.store.count('configmaps')).toBe(finalizers === undefined ? 0 : 1);
  });

  it.each<[string, DeleteRequestOptions, readonly string[]]>([
    ['keeps its finalizer where the request says nothing', {}, ['foregroundDeletion']],
    ['adds the finalizer that the request asks for', { propagationPolicy: 'Orphan' }, ['orphan']],
  ])('with a finalizer of the garbage collector %s', async (_, options, finalizers) => {
    const api = await testApi();
    await api.admin.create(configMapNamed('c', '1', { finalizers: ['foregroundDeletion'] }));
    const { body } = await remove(api, ConfigMap as Kind, 'c', options);
    expect((body as KubernetesObject).metadata?.finalizers).toEqual(finalizers);
  });

  it('is answered with 202 while it stays if orphaning is disabled explicitly', async () => {
    const api = await testApi();
    await api.admin.create(configMapNamed('c', '1', { finalizers: ['a/b'] }));
    expect((await remove(api, ConfigMap as Kind, 'c', { orphanDependents: false })).accepted).toBe(true);
  });

  it('that is an Event has no dependents: no policy holds it', async () => {
    const api = await testApi();
    const event = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'e', namespace: 'default' } };
    await api.admin.create({ ...event, involvedObject: { namespace: 'default' } } as KubernetesObject);
    await remove(api, Event as Kind, 'e', { propagationPolicy: 'Foreground' });
    expect(api.store.count('events')).toBe(0);
  });

  it.each<[string, DeleteRequestOptions['preconditions'], RegExp]>([
    [
      'uid',
      { uid: 'other' },
      /the UID in the precondition \(other\) does not match the UID in record \(.+\)\. The object might have been deleted and then recreated$/,
    ],
    [
      'resourceVersion',
      { resourceVersion: '9' },
      /the ResourceVersion in the precondition \(9\) does not match the ResourceVersion in record \(1\)\. The object might have been modified$/,
    ],
  ])('that is not at the %s of the precondition stays: 409', async (_, preconditions, message) => {
    const api = await testApi();
    const made = await api.admin.create(configMapNamed('c'));
    const refused = await refusal(remove(api, ConfigMap as Kind, 'c', { preconditions: preconditions ?? {} }));
    expect([refused.code, refused.reason]).toEqual([409, 'Conflict']);
    expect(refused.message).toMatch(message);
    const { uid, resourceVersion } = made.metadata;
    await remove(api, ConfigMap as Kind, 'c', { preconditions: { uid, resourceVersion } });
    expect(api.store.count('configmaps')).toBe(0);
  });

  it.each<[string, object, number]>([
    ['both a policy and orphanDependents', { propagationPolicy: 'Orphan', orphanDependents: true }, 422],
    ['an unknown policy', { propagationPolicy: 'Sideways' }, 422],
    ['a grace period that is not a whole number', { gracePeriodSeconds: 1.5 }, 400],
  ])('stays when the options are wrong: %s', async (_, options, code) => {
    const api = await testApi();
    await api.admin.create(configMapNamed('c'));
    expect((await refusal(remove(api, ConfigMap as Kind, 'c', options))).code).toBe(code);
    expect(api.store.count('configmaps')).toBe(1);
  });

  it('stays on a dry run, which returns the same response', async () => {
    const api = await withRunningPod();
    const { body } = await remove(api, Pod as Kind, 'p', { dryRun: true });
    expect(body).toMatchObject({ metadata: { deletionGracePeriodSeconds: 30 } });
    expect(Object.isFrozen(body)).toBe(true);
    expect((await api.admin.get(Pod, key)).metadata.deletionTimestamp).toBeUndefined();
    await remove(api, Pod as Kind, 'p', { dryRun: true, gracePeriodSeconds: 0 });
    expect(api.store.count('pods')).toBe(1);
  });

  it('is removed once by racing deletes', async () => {
    const api = await testApi();
    await api.admin.create(configMapNamed('c'));
    const results = await Promise.allSettled([1, 2, 3].map(() => api.admin.delete(ConfigMap, 'default/c')));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(2);
  });
});

describe('a namespace', () => {
  it('waits for its finalizer, Terminating, and is removed when /finalize removes that', async () => {
    const api = await testApi();
    const made = await api.admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } } as Namespace);
    const marked = (await remove(api, Namespace as Kind, 'n')).body as Stored<Namespace>;
    expect(marked).toMatchObject({
      metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' },
      status: { phase: 'Terminating' },
    });
    expect((await remove(api, Namespace as Kind, 'n')).body).toBe(marked);
    await api.admin.updateSubresource(Namespace as Kind, 'n', 'finalize', {
      ...made,
      metadata: marked.metadata,
      spec: { finalizers: [] },
    } as KubernetesObject);
    expect(api.store.count('namespaces')).toBe(0);
  });
});

describe('a collection', () => {
  it('has its selected objects deleted one by one, and returned', async () => {
    const api = await testApi();
    for (const [name, app] of [
      ['a', 'x'],
      ['b', 'x'],
      ['c', 'y'],
    ] as const)
      await api.admin.create(configMapNamed(name, '1', { labels: { app } }));
    await api.admin.create(configMapNamed('d', '1', { labels: { app: 'x' }, namespace: 'other' }));
    const found = await api.server.deleteCollection(
      api.scope(ConfigMap as Kind, ''),
      { labelSelector: 'app=x' },
      { propagationPolicy: 'Background' },
    );
    expect(found.items.map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
    const left = await api.admin.list(ConfigMap);
    expect(left.items.map(({ metadata }) => metadata.name)).toEqual(['c', 'd']);
  });

  it('has objects with finalizers marked', async () => {
    const api = await testApi();
    await api.admin.create(configMapNamed('a', '1', { finalizers: ['a/b'] }));
    await api.admin.create(configMapNamed('b'));
    await api.admin.deleteCollection(ConfigMap, { namespace: 'default' });
    const { items } = await api.admin.list(ConfigMap);
    expect(items.map(({ metadata }) => [metadata.name, metadata.deletionTimestamp])).toEqual([
      ['a', '2026-01-01T00:00:00Z'],
    ]);
  });
});

describe('the result of a delete', () => {
  it('is the object while it still exists, and nothing when it is gone', async () => {
    const { admin } = await testApi();
    await admin.create(configMapNamed('a', '1', { finalizers: ['a/b'] }));
    await admin.create(configMapNamed('b'));
    expect((await admin.delete(ConfigMap, 'default/a'))?.metadata.name).toBe('a');
    expect(await admin.delete(ConfigMap, 'default/b')).toBeUndefined();
    expect((await refusal(admin.delete(Deployment, 'default/x'))).message).toBe('deployments.apps "x" not found');
  });
});
