import { ConfigMap, Deployment, Event, Pod, PodDisruptionBudget, type StatusError, timestamp } from '@orrery/api';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type SimulatedCluster, simulate } from '../simulate.ts';

const web = (budget: string, replicas = 4) => `
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web, namespace: default }
spec: { ${budget}, selector: { matchLabels: { app: web } } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: default }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: nginx }] }
`;

async function started(manifests: string): Promise<SimulatedCluster> {
  const cluster = await simulate({ nodes: 2, faults: [] });
  onTestFinished(() => cluster.close());
  await cluster.apply(manifests);
  await cluster.settle();
  return cluster;
}

const evict = (cluster: SimulatedCluster, name: string) =>
  cluster.client.createSubresource(Pod, { namespace: 'default', name }, 'eviction', {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace: 'default' },
  });

async function podNames(cluster: SimulatedCluster): Promise<readonly string[]> {
  return (await cluster.list(Pod, { labelSelector: 'app=web' })).map(({ metadata }) => metadata.name).sort();
}

const status = async (cluster: SimulatedCluster) => (await cluster.get(PodDisruptionBudget, 'default/web')).status;

async function reasons(cluster: SimulatedCluster, kind: string): Promise<readonly string[]> {
  const events = await cluster.list(Event, { fieldSelector: `involvedObject.kind=${kind}` });
  return events.map(({ reason = '', message = '' }) => `${reason}: ${message}`);
}

describe('a PodDisruptionBudget', () => {
  test('lets one Pod go at a time, and the next once its successor is ready', async () => {
    const cluster = await started(web('maxUnavailable: 1'));
    expect(await status(cluster)).toMatchObject({
      disruptionsAllowed: 1,
      currentHealthy: 4,
      desiredHealthy: 3,
      expectedPods: 4,
      observedGeneration: 1,
      conditions: [{ type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods' }],
    });
    const [first = '', second = ''] = await podNames(cluster);
    await evict(cluster, first);
    await expect(evict(cluster, second)).rejects.toMatchObject({
      status: {
        code: 429,
        message: "Cannot evict pod as it would violate the pod's disruption budget.",
      },
    } satisfies { status: Partial<StatusError['status']> });
    await cluster.settle();
    expect(await podNames(cluster)).toHaveLength(4);
    expect(await status(cluster)).toMatchObject({ disruptionsAllowed: 1, currentHealthy: 4 });
    expect((await status(cluster))?.disruptedPods).toBeUndefined();
    await evict(cluster, second);
  });

  test('is spent by nobody else while it has nothing to spare', async () => {
    const cluster = await started(web('minAvailable: 4'));
    const [first = ''] = await podNames(cluster);
    expect(await status(cluster)).toMatchObject({ disruptionsAllowed: 0, desiredHealthy: 4, expectedPods: 4 });
    const refusal = await evict(cluster, first).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      status: {
        code: 429,
        details: {
          causes: [
            {
              reason: 'DisruptionBudget',
              message: 'The disruption budget web needs 4 healthy pods and has 4 currently',
            },
          ],
        },
      },
    });
  });

  test('follows the scale of its Deployment and the readiness of its Pods', async () => {
    const cluster = await started(web('minAvailable: 50%'));
    expect(await status(cluster)).toMatchObject({ desiredHealthy: 2, currentHealthy: 4, disruptionsAllowed: 2 });
    await cluster.client.patch(
      Deployment,
      { namespace: 'default', name: 'web' },
      { type: 'merge', patch: { spec: { replicas: 7 } } },
    );
    await cluster.settle();
    expect(await status(cluster)).toMatchObject({
      desiredHealthy: 4,
      currentHealthy: 7,
      expectedPods: 7,
      disruptionsAllowed: 3,
    });
    await cluster.client.patch(
      Deployment,
      { namespace: 'default', name: 'web' },
      { type: 'merge', patch: { spec: { replicas: 1 } } },
    );
    await cluster.settle();
    expect(await status(cluster)).toMatchObject({ desiredHealthy: 1, currentHealthy: 1, disruptionsAllowed: 0 });
  });

  test('of Pods without a controller warns where it needs their scale', async () => {
    const cluster = await started(`
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web, namespace: default }
spec: { maxUnavailable: 1, selector: { matchLabels: { app: web } } }
---
apiVersion: v1
kind: Pod
metadata: { name: bare, namespace: default, labels: { app: web } }
spec: { containers: [{ name: web, image: nginx }] }
`);
    expect(await status(cluster)).toMatchObject({ expectedPods: 0, disruptionsAllowed: 0, currentHealthy: 1 });
    expect(await reasons(cluster, 'PodDisruptionBudget')).toContainEqual(
      expect.stringMatching(/^UnmanagedPods: Pods selected by this PodDisruptionBudget \(selector: &LabelSelector\{/),
    );
  });

  test('says when a controller of its Pods cannot be scaled', async () => {
    const cluster = await started(`
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web, namespace: default }
spec: { maxUnavailable: 1, selector: { matchLabels: { app: web } } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: owner, namespace: default }
`);
    const { uid } = (await cluster.list(ConfigMap)).find(({ metadata }) => metadata.name === 'owner')?.metadata ?? {
      uid: '',
    };
    await cluster.client.create<Pod>({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'odd',
        namespace: 'default',
        labels: { app: 'web' },
        ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid, controller: true }],
      },
      spec: { containers: [{ name: 'web', image: 'nginx' }] },
    });
    await cluster.settle();
    const message = 'configmaps does not implement the scale subresource';
    expect(await status(cluster)).toMatchObject({
      disruptionsAllowed: 0,
      conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message }],
    });
    expect(await reasons(cluster, 'PodDisruptionBudget')).toContain(
      `CalculateExpectedPodCountFailed: Failed to calculate the number of expected pods: ${message}`,
    );
  });

  test('without Pods records that', async () => {
    const cluster = await started(web('minAvailable: 1', 0));
    expect(await status(cluster)).toMatchObject({ expectedPods: 0, disruptionsAllowed: 0 });
    expect(await reasons(cluster, 'PodDisruptionBudget')).toContain('NoPods: No matching pods found');
  });
});

test('a Pod that was marked as disrupted and not deleted is no longer marked after two minutes', async () => {
  const cluster = await started(web('minAvailable: 1'));
  const [name = ''] = await podNames(cluster);
  const lastTransitionTime = timestamp(cluster.now());
  const condition = { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler', lastTransitionTime };
  await cluster.client.patch(
    Pod,
    { namespace: 'default', name },
    { type: 'strategic', patch: { status: { conditions: [condition] } } },
    { subresource: 'status' },
  );
  const marked = async () =>
    (await cluster.get(Pod, `default/${name}`)).status?.conditions?.find(({ type }) => type === 'DisruptionTarget')
      ?.status;
  await cluster.advance('110s');
  expect(await marked()).toBe('True');
  await cluster.advance('20s');
  expect(await marked()).toBe('False');
});
