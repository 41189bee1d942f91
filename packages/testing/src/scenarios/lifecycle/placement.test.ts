import { Node } from '@orrery/api';
import { expect, test } from 'vitest';
import { type PodScenario, podScenario, service } from '../pod-scenario.fixture.ts';

/** How a Pod chooses its node itself: `nodeSelector` and `nodeName` (Kubernetes "Assigning Pods to Nodes"). */

const label = async (cluster: PodScenario, name: string, labels: object) => {
  await cluster.client.patch(Node, name, { type: 'merge', patch: { metadata: { labels } } });
  await cluster.settle();
};

test('nodeSelector: the node must have all of its labels', async () => {
  const cluster = await podScenario({ nodes: 3 });
  await label(cluster, 'node1', { disk: 'ssd' });
  await label(cluster, 'node2', { disk: 'ssd', zone: 'a' });
  await cluster.start({ nodeSelector: { disk: 'ssd', zone: 'a' }, containers: [service()] });
  expect((await cluster.pod()).spec.nodeName).toBe('node2');
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
});

test('a Pod whose nodeSelector matches no node is Pending until a node gets the label', async () => {
  const cluster = await podScenario({ nodes: 2 });
  await cluster.start({ nodeSelector: { disk: 'ssd' }, containers: [service()] });
  await cluster.advance('1m');
  expect(await cluster.row()).toMatchObject({ status: 'Pending' });
  expect((await cluster.events()).join('\n')).toContain(
    "Warning FailedScheduling: 0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
  );
  await label(cluster, 'node1', { disk: 'ssd' });
  await cluster.advance('10s');
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
});

test('every node has the well-known labels', async () => {
  const cluster = await podScenario({ nodes: 2 });
  await cluster.start({
    nodeSelector: { 'kubernetes.io/hostname': 'node2', 'kubernetes.io/os': 'linux' },
    containers: [service()],
  });
  expect((await cluster.pod()).spec.nodeName).toBe('node2');
});

test('a Pod stays on its node when the node loses a label it was selected by', async () => {
  const cluster = await podScenario({ nodes: 2 });
  await label(cluster, 'node1', { disk: 'ssd' });
  await cluster.start({ nodeSelector: { disk: 'ssd' }, containers: [service()] });
  await label(cluster, 'node1', { disk: null });
  await cluster.advance('5m');
  expect(await cluster.row()).toEqual({ ready: '1/1', status: 'Running', restarts: '0' });
});

test('nodeName: the scheduler is bypassed, and no Scheduled event is recorded', async () => {
  const cluster = await podScenario({ nodes: 2 });
  await cluster.client.patch(Node, 'node2', { type: 'merge', patch: { spec: { unschedulable: true } } });
  await cluster.start({ nodeName: 'node2', containers: [service()] });
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
  expect((await cluster.events()).filter((event) => event.includes('Scheduled'))).toEqual([]);
});

test('nodeName of a node that does not exist: the Pod waits, then is garbage-collected', async () => {
  const cluster = await podScenario();
  await cluster.start({ nodeName: 'nowhere', containers: [service()] });
  await cluster.advance('20s');
  expect(await cluster.row()).toMatchObject({ status: 'Pending' });
  await cluster.advance('5m');
  expect(await cluster.row()).toBeUndefined();
});

test('nodeName with a nodeSelector that does not match: the node rejects the Pod', async () => {
  const cluster = await podScenario();
  await cluster.start({ nodeName: 'node1', nodeSelector: { disk: 'ssd' }, containers: [service()] });
  await cluster.advance('2s');
  expect((await cluster.pod()).status).toMatchObject({
    phase: 'Failed',
    reason: 'NodeAffinity',
    message: "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
  });
  expect(await cluster.row()).toMatchObject({ status: 'NodeAffinity' });
});
