import { Node, Pod, type PodCondition, type PriorityClass } from '@orrery/api';
import { expect, test } from 'vitest';
import { type PodScenario, podScenario, script, service } from '../pod-scenario.fixture.ts';

/** The conditions of a Pod: which component writes them, why, and when their times change. */

const condition = async (cluster: PodScenario, type: string, name?: string): Promise<PodCondition | undefined> =>
  (await cluster.pod(name)).status?.conditions?.find((one) => one.type === type);
const asking = (cpu: string) => [service({ resources: { requests: { cpu } } })];

test('PodScheduled is False with Unschedulable and the scheduler’s message while no node fits', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: asking('40') });
  const message =
    '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.';
  expect(await condition(cluster, 'PodScheduled')).toMatchObject({ status: 'False', reason: 'Unschedulable', message });
  expect(await cluster.events()).toEqual([`Warning FailedScheduling: ${message}`]);
});

test('PodScheduled is False with SchedulerError when the scheduler itself fails', async () => {
  const broken = {
    name: 'Broken',
    filter: () => {
      throw new Error('plugin is broken');
    },
  };
  const cluster = await podScenario({ plugins: [{ name: 'broken', scheduler: [broken] }] });
  await cluster.start({ containers: [service()] });
  expect(await condition(cluster, 'PodScheduled')).toMatchObject({
    status: 'False',
    reason: 'SchedulerError',
    message: expect.stringContaining('plugin is broken'),
  });
});

test('PodScheduled: the kubelet restores True whatever the current value is', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [service()] });
  const patch = { status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }] } };
  await cluster.client.patch(
    Pod,
    { namespace: 'default', name: 'web' },
    { type: 'strategic', patch },
    { subresource: 'status' },
  );
  await cluster.advance('1s');
  const { status, reason } = (await condition(cluster, 'PodScheduled')) ?? {};
  expect([status, reason]).toEqual(['True', undefined]);
});

test('PodReadyToStartContainers is True while a sandbox with an address exists', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [service({ envFrom: [{ secretRef: { name: 'keys' } }] })] });
  expect(await condition(cluster, 'PodReadyToStartContainers')).toMatchObject({ status: 'True' });
  await cluster.start(
    { containers: [service()], volumes: [{ name: 'v', secret: { secretName: 'keys' } }] },
    { name: 'waits' },
  );
  const value = await condition(cluster, 'PodReadyToStartContainers', 'waits');
  expect(value).toMatchObject({ status: 'False' });
  expect([value?.reason, value?.message]).toEqual([undefined, undefined]);
});

test('lastTransitionTime changes only with the status, not with reason and message', async () => {
  const cluster = await podScenario();
  const ready = async () => {
    const { status, reason, message, lastTransitionTime } = (await condition(cluster, 'Ready')) ?? {};
    return [status, reason, message, lastTransitionTime?.slice(11, 19)];
  };
  const after = (seconds: number) => ({
    exec: { command: ['true'] },
    initialDelaySeconds: seconds,
    periodSeconds: 1,
  });
  await cluster.start({
    initContainers: [script('sleep 5', { name: 'init' })],
    containers: [service({ name: 'a', readinessProbe: after(5) }), service({ name: 'b', readinessProbe: after(10) })],
  });
  await cluster.advance('1s');
  expect(await ready()).toEqual(['False', 'ContainersNotReady', 'containers with unready status: [a b]', '00:00:00']);
  await cluster.advance('12s');
  expect(await ready()).toEqual(['False', 'ContainersNotReady', 'containers with unready status: [b]', '00:00:00']);
  await cluster.advance('10s');
  expect((await ready()).slice(0, 3)).toEqual(['True', undefined, undefined]);
  expect((await ready())[3]).not.toBe('00:00:00');
});

test('conditions from other writers come first, are kept unchanged, and can serve as readiness gates', async () => {
  const cluster = await podScenario();
  const gates = ['example.com/a', 'example.com/b'];
  await cluster.start({
    readinessGates: gates.map((conditionType) => ({ conditionType })),
    containers: [service()],
  });
  expect(await condition(cluster, 'ContainersReady')).toMatchObject({ status: 'True' });
  expect(await condition(cluster, 'Ready')).toMatchObject({
    status: 'False',
    reason: 'ReadinessGatesNotReady',
    message:
      'corresponding condition of pod readiness gate "example.com/a" does not exist., corresponding condition of pod readiness gate "example.com/b" does not exist.',
  });
  const set = async (status: string) => {
    const conditions = gates.map((type) => ({ type, status, reason: 'Mine', lastTransitionTime: null }));
    await cluster.client.patch(
      Pod,
      { namespace: 'default', name: 'web' },
      { type: 'strategic', patch: { status: { conditions } } },
      { subresource: 'status' },
    );
    await cluster.advance('1s');
  };
  await set('False');
  expect(await condition(cluster, 'Ready')).toMatchObject({
    message:
      'the status of pod readiness gate "example.com/a" is not "True", but False, the status of pod readiness gate "example.com/b" is not "True", but False',
  });
  await set('True');
  expect((await cluster.pod()).status?.conditions?.map(({ type, status, reason }) => [type, status, reason])).toEqual([
    ['example.com/a', 'True', 'Mine'],
    ['example.com/b', 'True', 'Mine'],
    ['PodReadyToStartContainers', 'True', undefined],
    ['Initialized', 'True', undefined],
    ['Ready', 'True', undefined],
    ['ContainersReady', 'True', undefined],
    ['PodScheduled', 'True', undefined],
  ]);
});

test('the node controller sets Ready to False on the Pods of a silent node, without a reason', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [service()] });
  await cluster.nodes.stop('node1');
  await cluster.advance('1m');
  const ready = await condition(cluster, 'Ready');
  expect([ready?.status, ready?.reason, ready?.message]).toEqual(['False', undefined, undefined]);
  expect(await condition(cluster, 'ContainersReady')).toMatchObject({ status: 'True' });
});

const priorityClass: PriorityClass = {
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name: 'high' },
  value: 1000,
};
const slow = {
  terminationGracePeriodSeconds: 30,
  containers: [script('trap "" TERM; while true; do sleep 1; done', { resources: { requests: { cpu: '3' } } })],
};

test.for<readonly [string, string, (cluster: PodScenario) => Promise<unknown>]>([
  [
    'PreemptionByScheduler',
    'default-scheduler: preempting to accommodate a higher priority pod',
    async (cluster) => {
      await cluster.client.create(priorityClass);
      await cluster.start({ priorityClassName: 'high', containers: asking('3') }, { name: 'other' });
    },
  ],
  [
    'DeletionByTaintManager',
    'Taint manager: deleting due to NoExecute taint',
    (cluster) =>
      cluster.client.patch(Node, 'node1', {
        type: 'merge',
        patch: { spec: { taints: [{ key: 'out', effect: 'NoExecute' }] } },
      }),
  ],
  [
    'EvictionByEvictionAPI',
    'Eviction API: evicting',
    (cluster) =>
      cluster.client.createSubresource(Pod, { namespace: 'default', name: 'web' }, 'eviction', {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name: 'web', namespace: 'default' },
      }),
  ],
  [
    'TerminationByKubelet',
    'Pod was preempted by Kubelet to accommodate a critical pod.',
    (cluster) =>
      cluster.start(
        { nodeName: 'node1', priorityClassName: 'system-node-critical', containers: asking('3') },
        { name: 'other' },
      ),
  ],
])('DisruptionTarget has reason %s while the Pod terminates', async ([reason, message, disrupt]) => {
  const cluster = await podScenario();
  await cluster.start(slow);
  await disrupt(cluster);
  await cluster.advance('5s');
  expect(await condition(cluster, 'DisruptionTarget')).toMatchObject({ status: 'True', reason, message });
  expect((await cluster.pod()).status?.conditions?.map(({ type }) => type)).toEqual([
    'DisruptionTarget',
    'PodReadyToStartContainers',
    'Initialized',
    'Ready',
    'ContainersReady',
    'PodScheduled',
  ]);
});

test('DisruptionTarget has reason DeletionByPodGC when the Pod’s node is gone', async () => {
  const cluster = await podScenario();
  const seen: (string | undefined)[] = [];
  const watch = cluster.client.watch(Pod, { namespace: 'default' }).subscribe((event) => {
    if (event.type === 'BOOKMARK') return;
    const target = event.object.status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
    if (target !== undefined) seen.push(`${event.object.status?.phase} ${target.reason}: ${target.message}`);
  });
  await cluster.start({ containers: [service()] });
  await cluster.nodes.stop('node1');
  await cluster.client.delete(Node, 'node1');
  await cluster.advance('5m');
  watch.unsubscribe();
  expect(await cluster.row()).toBeUndefined();
  expect(new Set(seen)).toEqual(new Set(['Failed DeletionByPodGC: PodGC: node no longer exists']));
});
