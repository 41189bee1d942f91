import { ControllerRevision, DaemonSet, Event, Node, Pod } from '@orrery/api';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type SimulatedCluster, simulate } from '../simulate.ts';

interface Options {
  readonly image?: string;
  readonly spec?: string;
  readonly strategy?: string;
  readonly pod?: string;
}

const logs = ({ image = 'nginx', spec = '', strategy = '', pod = '' }: Options = {}) => `
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: logs, namespace: default }
spec:
  selector: { matchLabels: { app: logs } }
  ${spec}
  ${strategy === '' ? '' : `updateStrategy: ${strategy}`}
  template:
    metadata: { labels: { app: logs } }
    spec: { containers: [{ name: logs, image: '${image}' }]${pod === '' ? '' : `, ${pod}`} }
`;

async function started(manifests: string, nodes = 3): Promise<SimulatedCluster> {
  const cluster = await simulate({ nodes, faults: [] });
  onTestFinished(() => cluster.close());
  await cluster.apply(manifests);
  await cluster.settle();
  return cluster;
}

const pods = async (cluster: SimulatedCluster) => cluster.list(Pod, { labelSelector: 'app=logs' });
const nodesOf = async (cluster: SimulatedCluster) => (await pods(cluster)).map(({ spec }) => spec.nodeName).sort();
const imagesOf = async (cluster: SimulatedCluster) =>
  new Set((await pods(cluster)).map(({ spec }) => spec.containers[0]?.image));
const status = async (cluster: SimulatedCluster) => (await cluster.get(DaemonSet, 'default/logs')).status;
const revisions = async (cluster: SimulatedCluster) =>
  (await cluster.list(ControllerRevision)).map(({ revision }) => revision).sort();

/** At each change of a Pod: on how many nodes is one ready, and on how many are there two. */
async function watched(cluster: SimulatedCluster, change: () => Promise<unknown>) {
  const now = new Map((await pods(cluster)).map((pod) => [pod.metadata.uid, pod]));
  const seen = { ready: 3, doubled: 0 };
  const subscription = cluster.client.watch(Pod, { labelSelector: 'app=logs' }).subscribe((event) => {
    if (event.type !== 'ADDED' && event.type !== 'MODIFIED' && event.type !== 'DELETED') return;
    if (event.type === 'DELETED') now.delete(event.object.metadata.uid);
    else now.set(event.object.metadata.uid, event.object);
    const living = [...now.values()].filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const ready = living.filter((pod) =>
      pod.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True'),
    );
    seen.ready = Math.min(seen.ready, new Set(ready.map(({ spec }) => spec.nodeName)).size);
    seen.doubled = Math.max(seen.doubled, living.length - 3);
  });
  await change();
  await cluster.advance('2m');
  subscription.unsubscribe();
  return seen;
}

describe('a DaemonSet', () => {
  test('runs one Pod on each node, made to stay there', async () => {
    const cluster = await started(logs());
    expect(await nodesOf(cluster)).toEqual(['node1', 'node2', 'node3']);
    expect(await status(cluster)).toEqual({
      currentNumberScheduled: 3,
      numberMisscheduled: 0,
      desiredNumberScheduled: 3,
      numberReady: 3,
      observedGeneration: 1,
      updatedNumberScheduled: 3,
      numberAvailable: 3,
    });
    const [pod] = await pods(cluster);
    expect(pod?.spec.tolerations?.map(({ key, effect }) => `${key}:${effect}`)).toEqual([
      'node.kubernetes.io/not-ready:NoExecute',
      'node.kubernetes.io/unreachable:NoExecute',
      'node.kubernetes.io/disk-pressure:NoSchedule',
      'node.kubernetes.io/memory-pressure:NoSchedule',
      'node.kubernetes.io/pid-pressure:NoSchedule',
      'node.kubernetes.io/unschedulable:NoSchedule',
    ]);
    const [revision] = await cluster.list(ControllerRevision);
    expect(pod?.metadata.labels).toEqual({
      app: 'logs',
      'controller-revision-hash': revision?.metadata.labels?.['controller-revision-hash'],
    });
    expect(pod?.metadata.generateName).toBe('logs-');
    expect(revision?.metadata.name).toBe(`logs-${pod?.metadata.labels?.['controller-revision-hash']}`);
    const events = await cluster.list(Event, { fieldSelector: 'involvedObject.kind=DaemonSet' });
    expect(new Set(events.map(({ reason, source }) => `${reason} ${source?.component}`))).toEqual(
      new Set(['SuccessfulCreate daemonset-controller']),
    );
  });

  test('follows the labels and taints of nodes', async () => {
    const cluster = await started(logs({ pod: 'nodeSelector: { disk: ssd }' }));
    expect(await nodesOf(cluster)).toEqual([]);
    const label = (disk: string | null) => ({ type: 'merge' as const, patch: { metadata: { labels: { disk } } } });
    await cluster.client.patch(Node, 'node2', label('ssd'));
    await cluster.settle();
    expect(await nodesOf(cluster)).toEqual(['node2']);
    await cluster.client.patch(Node, 'node2', label(null));
    await cluster.settle();
    expect(await nodesOf(cluster)).toEqual([]);
    expect(await status(cluster)).toMatchObject({ desiredNumberScheduled: 0, numberMisscheduled: 0 });
  });

  test('leaves its Pod on a node that takes no new ones, and runs on a cordoned one', async () => {
    const cluster = await started(logs());
    const taints = [{ key: 'gpu', effect: 'NoSchedule' }];
    await cluster.client.patch(Node, 'node1', { type: 'merge', patch: { spec: { taints } } });
    await cluster.client.patch(Node, 'node2', { type: 'merge', patch: { spec: { unschedulable: true } } });
    await cluster.settle();
    expect(await status(cluster)).toMatchObject({ desiredNumberScheduled: 2, numberMisscheduled: 1 });
    for (const { metadata } of await pods(cluster)) await cluster.client.delete(Pod, `default/${metadata.name}`);
    await cluster.settle();
    expect(await nodesOf(cluster)).toEqual(['node2', 'node3']);
    expect(await status(cluster)).toMatchObject({ desiredNumberScheduled: 2, numberMisscheduled: 0, numberReady: 2 });
  });

  test('rolls over node by node, and keeps the history', async () => {
    const cluster = await started(logs({ spec: 'revisionHistoryLimit: 1' }));
    const seen = await watched(cluster, () =>
      cluster.apply(logs({ image: 'nginx:1.27', spec: 'revisionHistoryLimit: 1' })),
    );
    expect(seen).toEqual({ ready: 2, doubled: 0 });
    expect(await imagesOf(cluster)).toEqual(new Set(['nginx:1.27']));
    expect(await revisions(cluster)).toEqual([1, 2]);
    await cluster.apply(logs({ spec: 'revisionHistoryLimit: 1' }));
    await cluster.settle();
    // The first revision is the present one again, above all others.
    expect(await revisions(cluster)).toEqual([2, 3]);
    await cluster.apply(logs({ image: 'redis', spec: 'revisionHistoryLimit: 1' }));
    await cluster.settle();
    expect(await revisions(cluster)).toEqual([3, 4]);
    expect(await status(cluster)).toMatchObject({
      updatedNumberScheduled: 3,
      numberAvailable: 3,
      observedGeneration: 4,
    });
  });

  test('rolls over with a surge and without a gap', async () => {
    const strategy = '{ rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }';
    const cluster = await started(logs({ strategy, spec: 'minReadySeconds: 5' }));
    await cluster.advance('10s');
    const change = () => cluster.apply(logs({ strategy, spec: 'minReadySeconds: 5', image: 'nginx:1.27' }));
    expect(await watched(cluster, change)).toEqual({ ready: 3, doubled: 1 });
    expect(await imagesOf(cluster)).toEqual(new Set(['nginx:1.27']));
    expect(await nodesOf(cluster)).toEqual(['node1', 'node2', 'node3']);
    expect(await status(cluster)).toMatchObject({ numberAvailable: 3 });
  });

  test('waits for its user with OnDelete', async () => {
    const strategy = '{ type: OnDelete }';
    const cluster = await started(logs({ strategy }));
    await cluster.apply(logs({ strategy, image: 'nginx:1.27' }));
    await cluster.settle();
    expect(await imagesOf(cluster)).toEqual(new Set(['nginx']));
    expect((await status(cluster))?.updatedNumberScheduled ?? 0).toBe(0);
    const [first] = await pods(cluster);
    await cluster.client.delete(Pod, `default/${first?.metadata.name}`);
    await cluster.settle();
    expect(await imagesOf(cluster)).toEqual(new Set(['nginx', 'nginx:1.27']));
    expect(await status(cluster)).toMatchObject({ updatedNumberScheduled: 1, numberReady: 3 });
  });

  test('replaces Pods that fail, less and less often', async () => {
    const cluster = await started(logs({ pod: 'os: { name: windows }' }), 1);
    const failures = async () => {
      const events = await cluster.list(Event, { fieldSelector: 'reason=FailedDaemonPod' });
      return events.reduce((sum, { count = 1 }) => sum + count, 0);
    };
    await cluster.advance('1m');
    // After 0, 1, 3, 7, 15, 31 and 63 seconds.
    expect(await failures()).toBe(6);
    await cluster.advance('4s');
    expect(await failures()).toBe(7);
    const [event] = await cluster.list(Event, { fieldSelector: 'reason=FailedDaemonPod' });
    expect(event?.message).toMatch(/^Found failed daemon pod default\/logs-\w{5} on node node1, will try to kill it$/);
  });

  test('adopts Pods that it selects and releases those that it no longer does', async () => {
    const cluster = await started(logs());
    const [pod] = await pods(cluster);
    const key = `default/${pod?.metadata.name}`;
    await cluster.client.patch(Pod, key, { type: 'merge', patch: { metadata: { labels: { app: 'other' } } } });
    await cluster.settle();
    expect((await cluster.get(Pod, key)).metadata.ownerReferences ?? []).toEqual([]);
    expect(await nodesOf(cluster)).toEqual(['node1', 'node2', 'node3']);
    await cluster.client.patch(Pod, key, { type: 'merge', patch: { metadata: { labels: { app: 'logs' } } } });
    await cluster.settle();
    // Adopted, it is one too many on its node, and the older one stays.
    expect((await pods(cluster)).map(({ metadata }) => metadata.name)).toContain(pod?.metadata.name);
    expect(await nodesOf(cluster)).toEqual(['node1', 'node2', 'node3']);
  });

  test('runs on a node that is added, and forgets one that is removed', async () => {
    const cluster = await started(logs({ pod: 'tolerations: [{ operator: Exists }]' }), 2);
    await cluster.client.delete(Node, 'node2');
    await cluster.advance('3m');
    await cluster.settle();
    expect(await status(cluster)).toMatchObject({ desiredNumberScheduled: (await cluster.list(Node)).length });
  });
});
