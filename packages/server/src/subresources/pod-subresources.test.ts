import { type Kind, type KubernetesObject, Pod, PodDisruptionBudget, type Stored } from '@orrery/api';
import { describe, expect, it } from 'vitest';
import type { AdmissionPlugin } from '../admission/index.ts';
import { adminUser, podNamed, refusal, type TestApi, testApi } from '../api.fixture.ts';
import { withDisruption } from './eviction.ts';

const key = { namespace: 'default', name: 'p' };

const binding = (more: object = {}): KubernetesObject =>
  ({
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name: 'p', namespace: 'default' },
    target: { kind: 'Node', name: 'n1' },
    ...more,
  }) as KubernetesObject;

describe('binding', () => {
  it('binds the Pod to the node, copies annotations, and sets PodScheduled', async () => {
    const { admin } = await testApi();
    const pod = await admin.create(podNamed('p', { annotations: { a: '1' } }));
    await admin.updateStatus({ ...pod, status: { ...pod.status, nominatedNodeName: 'n0' } });
    const body = binding({ metadata: { name: 'p', annotations: { b: '2' } } });
    expect(await admin.createSubresource(Pod as Kind, key, 'binding', body)).toMatchObject({
      kind: 'Status',
      status: 'Success',
      code: 201,
    });
    const bound = await admin.get(Pod, key);
    expect(bound.spec.nodeName).toBe('n1');
    expect(bound.metadata.annotations).toEqual({ a: '1', b: '2' });
    expect(bound.status).toMatchObject({
      conditions: [{ type: 'PodScheduled', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
    });
    expect(bound.status?.nominatedNodeName).toBeUndefined();
  });

  it('can be posted to the collection of bindings', async () => {
    const { admin } = await testApi();
    await admin.create(podNamed('p'));
    await admin.create(binding());
    expect((await admin.get(Pod, key)).spec.nodeName).toBe('n1');
  });

  it.each<[string, object, string]>([
    ['is on a node already', { nodeName: 'n0' }, 'pod p is already assigned to node "n0"'],
    ['is gated', { schedulingGates: [{ name: 'a/b' }] }, 'pod p has non-empty .spec.schedulingGates'],
  ])('of a Pod that %s is a conflict', async (_, spec, why) => {
    const { admin } = await testApi();
    await admin.create(podNamed('p', {}, spec));
    expect(await refusal(admin.createSubresource(Pod as Kind, key, 'binding', binding()))).toMatchObject({
      code: 409,
      message: `Operation cannot be fulfilled on pods/binding "p": ${why}`,
    });
  });

  it('of a Pod that is being deleted is a conflict', async () => {
    const { admin } = await testApi();
    await admin.create(podNamed('p', { finalizers: ['a/b'] }));
    await admin.delete(Pod, key);
    const { message } = await refusal(admin.createSubresource(Pod as Kind, key, 'binding', binding()));
    expect(message).toContain('pod p is being deleted, cannot be assigned to a host');
  });

  it.each([{ uid: 'other' }, { resourceVersion: '77' }])('checks its preconditions: %j', async (metadata) => {
    const { admin } = await testApi();
    await admin.create(podNamed('p'));
    const request = admin.createSubresource(
      Pod as Kind,
      key,
      'binding',
      binding({ metadata: { name: 'p', ...metadata } }),
    );
    expect((await refusal(request)).code).toBe(409);
  });

  it.each<[string, object, number]>([
    ['to no node', { target: { kind: 'Node' } }, 422],
    ['to another kind than a node', { target: { kind: 'Pod', name: 'x' } }, 422],
    ['of the wrong form', { target: 'n1' }, 400],
  ])('%s is refused', async (_, more, code) => {
    const { admin } = await testApi();
    await admin.create(podNamed('p'));
    expect((await refusal(admin.createSubresource(Pod as Kind, key, 'binding', binding(more)))).code).toBe(code);
  });
});

const eviction = (more: object = {}): KubernetesObject =>
  ({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p' }, ...more }) as KubernetesObject;

const budget = (status: object, spec: object = {}, name = 'b'): KubernetesObject =>
  ({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name, namespace: 'default' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } }, ...spec },
    status,
  }) as KubernetesObject;

const counted = { observedGeneration: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2, disruptionsAllowed: 1 };
const spent = { ...counted, currentHealthy: 1, disruptionsAllowed: 0 };

/** A running Pod, and budgets with their status. */
async function withPod(phase: string, ready: boolean, ...budgets: KubernetesObject[]): Promise<TestApi> {
  return populated(await testApi(), phase, ready, ...budgets);
}

async function populated(
  api: TestApi,
  phase: string,
  ready: boolean,
  ...budgets: readonly KubernetesObject[]
): Promise<TestApi> {
  const pod = await api.admin.create(podNamed('p', { labels: { app: 'web' } }, { nodeName: 'n1' }));
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }];
  await api.admin.updateStatus({ ...pod, status: { phase, conditions } } as Stored<Pod>);
  for (const given of budgets) {
    const made = await api.admin.create(given);
    await api.admin.updateStatus({ ...made, status: (given as { status?: object }).status } as Stored);
  }
  return api;
}

const evict = ({ admin }: TestApi, more: object = {}) =>
  admin.createSubresource(Pod as Kind, key, 'eviction', eviction(more));
const podNow = ({ store }: TestApi) => store.get('pods', key) as Stored<Pod> | undefined;
const budgetNow = ({ admin }: TestApi) => admin.get(PodDisruptionBudget, 'default/b');

describe('eviction', () => {
  it('marks the Pod as disrupted and deletes it gracefully', async () => {
    const api = await withPod('Running', true);
    expect(await evict(api)).toMatchObject({ status: 'Success', code: 201 });
    expect(podNow(api)).toMatchObject({
      metadata: { deletionGracePeriodSeconds: 30 },
      status: {
        conditions: [
          { type: 'Ready' },
          {
            type: 'DisruptionTarget',
            status: 'True',
            reason: 'EvictionByEvictionAPI',
            message: 'Eviction API: evicting',
          },
        ],
      },
    });
  });

  it('deletes with its own options', async () => {
    const api = await withPod('Running', true);
    expect((await refusal(evict(api, { deleteOptions: { preconditions: { uid: 'other' } } }))).code).toBe(409);
    await evict(api, { deleteOptions: { gracePeriodSeconds: 0 } });
    expect(podNow(api)).toBeUndefined();
  });

  it('takes one disruption from the budget, and records the Pod', async () => {
    const api = await withPod('Running', true, budget(counted));
    await evict(api);
    expect((await budgetNow(api)).status).toMatchObject({
      disruptionsAllowed: 0,
      disruptedPods: { p: '2026-01-01T00:00:00Z' },
      conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods' }],
    });
    expect(podNow(api)?.metadata.deletionTimestamp).toBeDefined();
  });

  it('records the disruption and marks the Pod in one commit, and deletes it in the next', async () => {
    const api = await withPod('Running', true, budget(counted));
    const { revision } = api.store;
    const seen: [string, number][] = [];
    for (const collection of ['pods', 'poddisruptionbudgets.policy'])
      api.store
        .watch(collection, {}, revision)
        .subscribe((event) => seen.push([collection, event.revision - revision]));
    await evict(api);
    expect(seen).toEqual([
      ['poddisruptionbudgets.policy', 1],
      ['pods', 1],
      ['pods', 2],
    ]);
  });

  it('records nothing for a Pod that is gone by then', async () => {
    const gate: AdmissionPlugin = {
      name: 'Gate',
      matches: ({ kind, subresource, user }) =>
        kind.resource === PodDisruptionBudget.resource && subresource === 'status' && user.username === 'evictor',
      validate: async (_, { client }) => {
        await client.delete(Pod, key, { gracePeriodSeconds: 0 });
      },
    };
    const api = await populated(await testApi({ admission: [gate] }), 'Running', true, budget(counted));
    const evictor = api.server.client({ ...adminUser, username: 'evictor' });
    const request = evictor.createSubresource(Pod as Kind, key, 'eviction', eviction());
    expect((await refusal(request)).code).toBe(404);
    expect((await budgetNow(api)).status).toMatchObject(counted);
  });

  it('is 429 while the budget allows none, and changes nothing', async () => {
    const api = await withPod('Running', true, budget(spent));
    const { revision } = api.store;
    expect(await refusal(evict(api))).toMatchObject({
      code: 429,
      reason: 'TooManyRequests',
      message: "Cannot evict pod as it would violate the pod's disruption budget.",
      causes: [
        {
          reason: 'DisruptionBudget',
          message: 'The disruption budget b needs 1 healthy pods and has 1 currently',
        },
      ],
    });
    expect(api.store.revision).toBe(revision);
  });

  it("is 429 with a hint to retry in 10 seconds while the budget's status is not up to date", async () => {
    const api = await withPod('Running', true, budget({ ...counted, observedGeneration: 0 }));
    expect(await refusal(evict(api))).toMatchObject({
      code: 429,
      status: { details: { retryAfterSeconds: 10 } },
      causes: [{ message: 'The disruption budget b is still being processed by the server.' }],
    });
  });

  it('is 500 for a Pod with two budgets', async () => {
    const api = await withPod('Running', true, budget(counted), budget(counted, {}, 'c'));
    expect(await refusal(evict(api))).toMatchObject({
      code: 500,
      reason: '',
      message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    });
  });

  it('ignores the budgets of other Pods', async () => {
    const api = await withPod('Running', true, budget(spent, { selector: { matchLabels: { app: 'db' } } }));
    await evict(api);
    expect(podNow(api)?.metadata.deletionTimestamp).toBeDefined();
  });

  it.each(['Pending', 'Succeeded', 'Failed'])('of a %s Pod costs the budget nothing', async (phase) => {
    const api = await withPod(phase, false, budget(spent));
    await evict(api);
    expect((await budgetNow(api)).status?.disruptedPods).toBeUndefined();
    expect(podNow(api)?.metadata.deletionTimestamp !== undefined || podNow(api) === undefined).toBe(true);
  });

  it('of a Pod that is already being deleted changes neither Pod nor budget', async () => {
    const api = await withPod('Running', true, budget(spent));
    await api.admin.delete(Pod, key);
    const { revision } = api.store;
    await evict(api);
    expect(api.store.revision).toBe(revision);
  });

  it.each<[string, object, object, boolean]>([
    ['may go while enough are healthy', { ...spent, currentHealthy: 1 }, {}, true],
    ['may not go while too few are healthy', { ...spent, currentHealthy: 0 }, {}, false],
    ['may not go while none is wanted healthy', { ...spent, desiredHealthy: 0 }, {}, false],
    [
      'may always go with AlwaysAllow',
      { ...spent, currentHealthy: 0 },
      { unhealthyPodEvictionPolicy: 'AlwaysAllow' },
      true,
    ],
    [
      'may not go while too few are healthy with IfHealthyBudget',
      { ...spent, currentHealthy: 0 },
      { unhealthyPodEvictionPolicy: 'IfHealthyBudget' },
      false,
    ],
  ])('of a Pod that runs and is not ready: %s', async (_, status, spec, goes) => {
    const api = await withPod('Running', false, budget(status, spec));
    if (goes) await evict(api);
    else expect((await refusal(evict(api))).code).toBe(429);
    expect(podNow(api)?.metadata.deletionTimestamp !== undefined).toBe(goes);
  });

  it('as a dry run checks the budget and changes nothing', async () => {
    const api = await withPod('Running', true, budget(counted));
    const { revision } = api.store;
    await evict(api, { deleteOptions: { dryRun: ['All'] } });
    expect(api.store.revision).toBe(revision);
    const none = await withPod('Running', true, budget(spent));
    expect((await refusal(evict(none, { deleteOptions: { dryRun: ['All'] } }))).code).toBe(429);
  });

  it('that races with others for a budget takes from it once', async () => {
    const api = await withPod('Running', true, budget(counted));
    const other = await api.admin.create(podNamed('q', { labels: { app: 'web' } }, { nodeName: 'n1' }));
    const conditions = [{ type: 'Ready', status: 'True' }];
    await api.admin.updateStatus({ ...other, status: { phase: 'Running', conditions } } as Stored<Pod>);
    const evictOther = api.admin.createSubresource(
      Pod as Kind,
      { namespace: 'default', name: 'q' },
      'eviction',
      eviction({ metadata: { name: 'q' } }),
    );
    const results = await Promise.allSettled([evict(api), evictOther]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('accepts the older version of its type, and refuses another name', async () => {
    const api = await withPod('Running', true);
    expect((await refusal(evict(api, { metadata: { name: 'q' } }))).message).toBe(
      'name in URL does not match name in Eviction object',
    );
    await evict(api, { apiVersion: 'policy/v1beta1' });
    expect(podNow(api)?.metadata.deletionTimestamp).toBeDefined();
  });

  it.each<[string, object, string]>([
    ['negative', { disruptionsAllowed: -1 }, 'pdb disruptions allowed is negative'],
    [
      'with too many unconfirmed evictions',
      { disruptedPods: Object.fromEntries(Array.from({ length: 2001 }, (_, n) => [`p${n}`, ''])) },
      'DisruptedPods map too big - too many evictions not confirmed by PDB controller',
    ],
  ])('is forbidden by a budget that is %s', (_, status, why) => {
    const given = budget({ ...counted, ...status }) as Stored<PodDisruptionBudget>;
    expect(() => withDisruption(given, 'p', 0)).toThrow(why);
  });
});

describe('ephemeralcontainers', () => {
  const debug = { name: 'debug', image: 'busybox', targetContainerName: 'main' };

  it('adds containers and changes nothing else', async () => {
    const { admin } = await testApi();
    const pod = await admin.create(podNamed('p'));
    const changed = { ...pod, spec: { ...pod.spec, nodeName: 'n1', ephemeralContainers: [debug] } };
    const updated = (await admin.updateSubresource(Pod as Kind, key, 'ephemeralcontainers', changed)) as Stored<Pod>;
    expect(updated.spec.ephemeralContainers).toMatchObject([debug]);
    expect(updated.spec.nodeName).toBeUndefined();
  });

  it('are patched as by kubectl debug, and cannot be removed', async () => {
    const { admin } = await testApi();
    await admin.create(podNamed('p'));
    const patched = await admin.patch(
      Pod,
      key,
      { type: 'strategic', patch: { spec: { ephemeralContainers: [debug] } } },
      { subresource: 'ephemeralcontainers' },
    );
    expect(patched.spec.ephemeralContainers).toHaveLength(1);
    const without = { ...patched, spec: { ...patched.spec, ephemeralContainers: [] } };
    const request = admin.updateSubresource(Pod as Kind, key, 'ephemeralcontainers', without);
    expect((await refusal(request)).code).toBe(422);
  });

  it("conflict if the client's revision is not the current one", async () => {
    const { admin } = await testApi();
    const pod = await admin.create(podNamed('p'));
    await admin.patch(Pod, key, { type: 'merge', patch: { metadata: { labels: { a: 'b' } } } });
    const changed = { ...pod, spec: { ...pod.spec, ephemeralContainers: [debug] } };
    const request = admin.updateSubresource(Pod as Kind, key, 'ephemeralcontainers', changed);
    expect((await refusal(request)).code).toBe(409);
  });
});
