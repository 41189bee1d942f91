import { Node } from '@orrery/api';
import { expect, test } from 'vitest';
import { type PodScenario, podScenario, service } from '../pod-scenario.fixture.ts';

/** Where a Pod runs by its own words: `nodeSelector` and `nodeName` (Kubernetes "Assigning Pods to Nodes"). */

const label = async (cluster: PodScenario, name: string, labels: object) => {
  await cluster.client.patch(Node, name, { type: 'merge', patch: { metadata: { labels } } });
  await cluster.settle();
};

test('nodeSelector: all its labels must be the node’s', async () => {
  const cluster = await podScenario({ nodes: 3 });
  await label(cluster, 'node1', { disk: 'ssd' });
  await label(cluster, 'node2', { disk: 'ssd', zone: 'a' });
  await cluster.start({ nodeSelector: { disk: 'ssd', zone: 'a' }, containers: [service()] });
  expect((await cluster.pod()).spec.nodeName).toBe('node2');
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
});

test('a nodeSelector that fits nowhere: Pending, until a node gets the label', async () => {
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

test('the labels that every node has', async () => {
  const cluster = await podScenario({ nodes: 2 });
  await cluster.start({
    nodeSelector: { 'kubernetes.io/hostname': 'node2', 'kubernetes.io/os': 'linux' },
    containers: [service()],
  });
  expect((await cluster.pod()).spec.nodeName).toBe('node2');
});

test('a label that a node loses later moves nothing', async () => {
  const cluster = await podScenario({ nodes: 2 });
  await label(cluster, 'node1', { disk: 'ssd' });
  await cluster.start({ nodeSelector: { disk: 'ssd' }, containers: [service()] });
  await label(cluster, 'node1', { disk: null });
  await cluster.advance('5m');
  expect(await cluster.row()).toEqual({ ready: '1/1', status: 'Running', restarts: '0' });
});

test('nodeName: no scheduler is asked, and no Scheduled event is sent', async () => {
  const cluster = await podScenario({ nodes: 2 });
  await cluster.client.patch(Node, 'node2', { type: 'merge', patch: { spec: { unschedulable: true } } });
  await cluster.start({ nodeName: 'node2', containers: [service()] });
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
  expect((await cluster.events()).filter((event) => event.includes('Scheduled'))).toEqual([]);
});

test('nodeName of a node that is not there: the Pod waits, and is taken out', async () => {
  const cluster = await podScenario();
  await cluster.start({ nodeName: 'nowhere', containers: [service()] });
  await cluster.advance('20s');
  expect(await cluster.row()).toMatchObject({ status: 'Pending' });
  await cluster.advance('5m');
  expect(await cluster.row()).toBeUndefined();
});

test('nodeName together with a nodeSelector that does not fit: the node refuses the Pod', async () => {
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
