import { Node } from '@orrery/api';
import { expect, test } from 'vitest';
import { type PodScenario, podScenario, service } from '../pod-scenario.fixture.ts';

/** The Pods that a node rejects when they are bound to it without the scheduler. */

type Spec = Parameters<PodScenario['start']>[0];
type Start = Parameters<typeof podScenario>[0];

const asking = (requests: { [resource: string]: string }) => [service({ resources: { requests } })];
const port = [service({ ports: [{ containerPort: 80, hostPort: 8080 }] })];
const notEnough = (resource: string, requested: number, used: number, capacity: number) =>
  `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`;

test.for<readonly [string, string, Partial<Spec>, (Spec | undefined)?, Start?]>([
  ['OutOfcpu', notEnough('cpu', 5000, 0, 4000), { containers: asking({ cpu: '5' }) }],
  [
    'OutOfmemory',
    notEnough('memory', 8_589_934_592, 1_073_741_824, 8_589_934_592),
    { containers: asking({ memory: '8Gi' }) },
    { containers: asking({ memory: '1Gi' }) },
  ],
  [
    'OutOfephemeral-storage',
    notEnough('ephemeral-storage', 214_748_364_800, 0, 107_374_182_400),
    { containers: asking({ 'ephemeral-storage': '200Gi' }) },
  ],
  [
    'OutOfpods',
    notEnough('pods', 1, 1, 1),
    {},
    { containers: [service()] },
    { nodes: [{ name: 'node1', capacity: { pods: '1' } }] },
  ],
  [
    'NodeAffinity',
    "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    { nodeSelector: { disk: 'ssd' } },
  ],
  [
    'NodePorts',
    "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
    { containers: port },
    { containers: port },
  ],
  ['PodOSNotSupported', "Failed to admit pod as the OS field doesn't match node OS", { os: { name: 'windows' } }],
  [
    'SysctlForbidden',
    'forbidden sysctl: "kernel.msgmax" not allowlisted',
    { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '65536' }] } },
  ],
  [
    'UnexpectedAdmissionError',
    'Unexpected error while attempting to recover from admission failure: preemption: error finding a set of pods to preempt: no set of running pods found to reclaim resources: [(res: cpu, q: 1000), ]',
    { priorityClassName: 'system-node-critical', containers: asking({ cpu: '5' }) },
    { containers: asking({ cpu: '1' }) },
  ],
])('%s: the Pod fails, and its status and a Warning event say why', async ([reason, message, spec, first, options]) => {
  const cluster = await podScenario(options);
  if (first !== undefined) {
    await cluster.start(first, { name: 'first' });
    expect(await cluster.row('first')).toMatchObject({ status: 'Running' });
  }
  await cluster.start({ nodeName: 'node1', containers: [service()], ...spec });
  await cluster.advance('5s');
  expect(await cluster.row()).toEqual({ ready: '0/1', status: reason, restarts: '0' });
  expect(await cluster.events()).toEqual([`Warning ${reason}: ${message}`]);
  const { status } = await cluster.pod();
  expect(status).toEqual({
    observedGeneration: 1,
    phase: 'Failed',
    reason,
    message: `Pod was rejected: ${message}`,
    startTime: expect.any(String),
    qosClass: expect.any(String),
  });
});

test('TaintToleration: a Pod that does not tolerate a NoExecute taint is rejected, and deleted because of the taint', async () => {
  const cluster = await podScenario({
    nodes: [{ name: 'node1', taints: [{ key: 'out', value: 'yes', effect: 'NoExecute' }] }],
  });
  await cluster.start({ nodeName: 'node1', containers: [service()] });
  await cluster.advance('5s');
  expect(await cluster.events()).toContain(
    "Warning TaintToleration: Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate",
  );
  expect(cluster.shown()).not.toContain('ContainerCreating');
  expect(await cluster.row()).toBeUndefined();
});

test('a rejected Pod stays rejected after a kubelet restart and when there is room again', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: asking({ cpu: '3' }) }, { name: 'first' });
  await cluster.start({ nodeName: 'node1', containers: asking({ cpu: '2' }) });
  const { status } = await cluster.pod();
  expect(status?.reason).toBe('OutOfcpu');
  await cluster.remove('first', 0);
  await cluster.nodes.restartKubelet('node1');
  await cluster.advance('5m');
  expect((await cluster.pod()).status).toEqual(status);
});

test('a Pod that a node has admitted is not rejected when the node’s labels change', async () => {
  const cluster = await podScenario();
  const key = 'kubernetes.io/hostname';
  await cluster.start({ nodeSelector: { [key]: 'node1' }, containers: [service()] });
  await cluster.client.patch(Node, 'node1', { type: 'merge', patch: { metadata: { labels: { [key]: 'other' } } } });
  await cluster.nodes.restartKubelet('node1');
  await cluster.advance('5s');
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
});
