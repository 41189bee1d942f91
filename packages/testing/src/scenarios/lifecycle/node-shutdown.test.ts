import { Event, Node, type PodSpec } from '@orrery/api';
import { powerAnnotation } from '@orrery/cluster';
import { expect, test } from 'vitest';
import { type PodScenario, podScenario, script, service } from '../pod-scenario.fixture.ts';

/** A machine that is shut down, not unplugged: its Pods end in order. */

const switchTo = (cluster: PodScenario, power: string | null) =>
  cluster.client.patch(Node, 'node1', {
    type: 'merge',
    patch: { metadata: { annotations: { [powerAnnotation]: power } } },
  });
const ready = async (cluster: PodScenario) => {
  const { status } = await cluster.get(Node, 'node1');
  const found = status?.conditions?.find(({ type }) => type === 'Ready');
  return `${found?.status} ${found?.reason}: ${found?.message}`;
};
const endOf = async (cluster: PodScenario, name: string) =>
  (await cluster.pod(name)).status?.containerStatuses?.[0]?.state?.terminated;
const critical = (spec: PodSpec): PodSpec => ({ priorityClassName: 'system-cluster-critical', ...spec });
const stubborn = script('trap "" TERM; while true; do sleep 1; done');

test('Terminated: Pods end with the status of a shutdown; then the machine is off', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [service()] });
  await switchTo(cluster, 'shutdown');
  await cluster.advance('5s');
  const message = 'Pod was terminated in response to imminent node shutdown.';
  const { status } = await cluster.pod();
  expect(status).toMatchObject({ phase: 'Failed', reason: 'Terminated', message });
  expect(status?.conditions).toContainEqual(
    expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message }),
  );
  expect(cluster.nodes.running('node1')).toBe(false);
  expect(await cluster.events()).toContain('Normal Killing: Stopping container main');
});

test('the node is not ready while it shuts down, and says why', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [stubborn] });
  await switchTo(cluster, 'shutdown');
  await cluster.advance('1s');
  expect(await ready(cluster)).toBe('False KubeletNotReady: node is shutting down');
  expect((await cluster.get(Node, 'node1')).spec?.taints?.map(({ key }) => key)).toContain(
    'node.kubernetes.io/not-ready',
  );
  const { items } = await cluster.client.list(Event, { namespace: 'default' });
  expect(items.map(({ reason, message }) => `${reason}: ${message}`)).toEqual(
    expect.arrayContaining([
      'NodeShutdown: Shutdown manager detected shutdown event',
      'NodeNotReady: Node node1 status is now: NodeNotReady',
    ]),
  );
  expect(cluster.nodes.running('node1')).toBe(true);
});

test('NodeShutdown: new Pods are rejected while the node shuts down', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [stubborn] }, { name: 'stubborn' });
  await switchTo(cluster, 'shutdown');
  await cluster.advance('1s');
  await cluster.start({ nodeName: 'node1', containers: [service()] });
  expect((await cluster.pod()).status).toMatchObject({
    phase: 'Failed',
    reason: 'NodeShutdown',
    message: 'Pod was rejected: Pod was rejected as the node is shutting down.',
  });
  expect(await cluster.events()).toContain('Warning NodeShutdown: Pod was rejected as the node is shutting down.');
});

test('regular Pods get 20 seconds, then critical Pods get 10; a Pod’s own grace period may be shorter', async () => {
  const cluster = await podScenario();
  await cluster.start({ terminationGracePeriodSeconds: 600, containers: [stubborn] }, { name: 'regular' });
  await cluster.start({ terminationGracePeriodSeconds: 5, containers: [stubborn] }, { name: 'short' });
  await cluster.start(critical({ terminationGracePeriodSeconds: 600, containers: [stubborn] }), { name: 'critical' });
  const begun = cluster.now();
  await switchTo(cluster, 'shutdown');
  await cluster.advance('1m');
  const after = async (name: string) => {
    const end = await endOf(cluster, name);
    return [Math.round((Date.parse(end?.finishedAt ?? '') - begun) / 1000), end?.exitCode];
  };
  expect(await after('short')).toEqual([5, 137]);
  expect(await after('regular')).toEqual([20, 137]);
  expect(await after('critical')).toEqual([30, 137]);
  for (const name of ['short', 'regular', 'critical']) {
    expect((await cluster.pod(name)).status?.reason).toBe('Terminated');
  }
});

test('critical Pods are terminated as soon as the regular ones have ended, and not before', async () => {
  const cluster = await podScenario();
  await cluster.start(
    { containers: [script('trap "sleep 4; exit 0" TERM; while true; do sleep 1; done')] },
    { name: 'regular' },
  );
  await cluster.start(critical({ containers: [service()] }), { name: 'critical' });
  await switchTo(cluster, 'shutdown');
  await cluster.advance('20s');
  const regular = Date.parse((await endOf(cluster, 'regular'))?.finishedAt ?? '');
  const last = Date.parse((await endOf(cluster, 'critical'))?.finishedAt ?? '');
  expect(last).toBeGreaterThanOrEqual(regular);
  expect(last - regular).toBeLessThanOrEqual(2000);
  expect(cluster.nodes.running('node1')).toBe(false);
});

test('preStop hooks run', async () => {
  const cluster = await podScenario();
  const lifecycle = { preStop: { exec: { command: ['sh', '-c', 'echo bye > /dev/termination-log'] } } };
  await cluster.start({ containers: [{ ...stubborn, lifecycle }] });
  await switchTo(cluster, 'shutdown');
  await cluster.advance('1m');
  expect((await endOf(cluster, 'web'))?.message).toBe('bye\n');
});

test('a completed Pod is left unchanged', async () => {
  const cluster = await podScenario();
  await cluster.start({ restartPolicy: 'Never', containers: [script('exit 0')] });
  await cluster.advance('5s');
  await switchTo(cluster, 'shutdown');
  await cluster.advance('1m');
  expect((await cluster.pod()).status).toMatchObject({ phase: 'Succeeded' });
  expect((await cluster.pod()).status?.reason).toBeUndefined();
});

test('the machine can be powered on again: the node is ready and accepts Pods', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [service()] }, { name: 'before' });
  await switchTo(cluster, 'shutdown');
  await cluster.advance('10s');
  await switchTo(cluster, null);
  await cluster.advance('10s');
  expect(await ready(cluster)).toBe('True KubeletReady: kubelet is posting ready status');
  expect((await cluster.pod('before')).status?.reason).toBe('Terminated');
  await cluster.start({ containers: [service()] });
  await cluster.advance('5s');
  expect((await cluster.row())?.status).toBe('Running');
});

test('a Pod that was already being deleted is removed', async () => {
  const cluster = await podScenario();
  await cluster.start({ terminationGracePeriodSeconds: 600, containers: [stubborn] });
  await cluster.remove();
  await cluster.advance('5s');
  await switchTo(cluster, 'shutdown');
  await cluster.advance('1m');
  expect(await cluster.row()).toBeUndefined();
  expect(cluster.nodes.running('node1')).toBe(false);
});

test('a machine still powers off when its kubelet is restarted during the shutdown', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [stubborn] });
  await switchTo(cluster, 'shutdown');
  await cluster.advance('5s');
  await cluster.nodes.restartKubelet('node1');
  await cluster.advance('1m');
  expect(cluster.nodes.running('node1')).toBe(false);
});

test('two machines shut down at the same time', async () => {
  const cluster = await podScenario({ nodes: 2 });
  await cluster.start({ nodeName: 'node1', containers: [stubborn] }, { name: 'a' });
  await cluster.start({ nodeName: 'node2', containers: [stubborn] }, { name: 'b' });
  await Promise.all([cluster.nodes.shutDown('node1'), cluster.nodes.shutDown('node2'), cluster.advance('25s')]);
  expect((await cluster.pod('a')).status?.reason).toBe('Terminated');
  expect((await cluster.pod('b')).status?.reason).toBe('Terminated');
});

test('shutdownGracePeriod limits the whole shutdown, and shutdownGracePeriodCriticalPods is the part of it for critical Pods', async () => {
  const kubelet = { shutdownGracePeriod: '8s', shutdownGracePeriodCriticalPods: '3s' } as const;
  const cluster = await podScenario({ nodes: [{ name: 'node1', kubelet }] });
  await cluster.start({ containers: [stubborn] }, { name: 'regular' });
  await cluster.start(critical({ containers: [stubborn] }), { name: 'critical' });
  const begun = cluster.now();
  await switchTo(cluster, 'shutdown');
  await cluster.advance('1m');
  const after = async (name: string) => (Date.parse((await endOf(cluster, name))?.finishedAt ?? '') - begun) / 1000;
  expect(await after('regular')).toBe(5);
  expect(await after('critical')).toBe(8);
});

test('with a shutdownGracePeriod of 0 the machine powers off without notice', async () => {
  const cluster = await podScenario({ nodes: [{ name: 'node1', kubelet: { shutdownGracePeriod: 0 } }] });
  await cluster.start({ containers: [service()] });
  await switchTo(cluster, 'shutdown');
  await cluster.advance('5s');
  expect(cluster.nodes.running('node1')).toBe(false);
  expect(await ready(cluster)).toBe('True KubeletReady: kubelet is posting ready status');
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
});
