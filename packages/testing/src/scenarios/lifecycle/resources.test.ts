import type { Container, Pod } from '@orrery/api';
import { expect, test } from 'vitest';
import { type PodScenario, podScenario, script, service } from '../pod-scenario.fixture.ts';

/** Memory limits and quality of service (Kubernetes "Resource Management for Pods and Containers"). */

const stress = (megabytes: number, more: Partial<Container> = {}): Container => ({
  name: 'main',
  image: 'polinux/stress',
  command: ['stress', '--vm', '1', '--vm-bytes', `${megabytes}M`, '--vm-hang', '1'],
  resources: { limits: { memory: '100Mi' } },
  ...more,
});
const main = async (cluster: PodScenario) => (await cluster.pod()).status?.containerStatuses?.[0];

test.for([
  ['Never', 'OOMKilled', 'Failed'],
  ['OnFailure', 'CrashLoopBackOff', 'Running'],
  ['Always', 'CrashLoopBackOff', 'Running'],
] as const)('a container over its memory limit under %s: %s, phase %s', async ([restartPolicy, status, phase]) => {
  const cluster = await podScenario();
  await cluster.start({ restartPolicy, containers: [stress(250)] });
  await cluster.advance('8s');
  expect(await cluster.row()).toMatchObject({ status });
  expect((await cluster.pod()).status?.phase).toBe(phase);
  const { state, lastState } = (await main(cluster)) ?? {};
  expect(state?.terminated ?? lastState?.terminated).toMatchObject({ reason: 'OOMKilled', exitCode: 137 });
});

test('a container under its memory limit keeps running', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [stress(80)] });
  await cluster.advance('1m');
  expect(await cluster.row()).toEqual({ ready: '1/1', status: 'Running', restarts: '0' });
});

test('a limit applies to one container: the others keep running', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [stress(250), stress(80, { name: 'other' })] });
  await cluster.advance('5s');
  const statuses = (await cluster.pod()).status?.containerStatuses;
  expect(statuses?.map(({ restartCount }) => restartCount > 0)).toEqual([true, false]);
});

test('a child process that uses too much memory ends its container', async () => {
  const cluster = await podScenario();
  await cluster.start({
    restartPolicy: 'Never',
    containers: [
      stress(250, { command: ['sh', '-c', 'stress --vm 1 --vm-bytes 250M --vm-hang 1; echo survived; sleep 1000'] }),
    ],
  });
  await cluster.advance('5s');
  expect((await main(cluster))?.state?.terminated).toMatchObject({ reason: 'OOMKilled', exitCode: 137 });
  expect(await cluster.logs('default/web')).not.toContain('survived');
});

test('a command executed in a container counts towards its limit', async () => {
  const cluster = await podScenario();
  await cluster.start({
    containers: [stress(10, { command: ['sh', '-c', 'trap exit TERM; while true; do sleep 1; done'] })],
  });
  await cluster.exec('default/web', ['stress', '--vm', '1', '--vm-bytes', '250M', '--vm-hang', '1']);
  await cluster.advance('2s');
  expect((await main(cluster))?.lastState?.terminated).toMatchObject({ reason: 'OOMKilled' });
});

type Resources = NonNullable<Container['resources']>;
const full: Resources = { limits: { cpu: '1', memory: '1Gi' } };
test.for<readonly [rule: string, spec: Pod['spec'], expected: string]>([
  [
    'all limits on all containers',
    { containers: [service({ resources: full }), service({ name: 'b', resources: full })] },
    'Guaranteed',
  ],
  [
    'one container without resources',
    { containers: [service({ resources: full }), service({ name: 'b' })] },
    'Burstable',
  ],
  [
    'an init container without resources',
    { initContainers: [script('true', { name: 'i' })], containers: [service({ resources: full })] },
    'Burstable',
  ],
  [
    'only an init container with a request',
    {
      initContainers: [script('true', { name: 'i', resources: { requests: { cpu: '1m' } } })],
      containers: [service()],
    },
    'Burstable',
  ],
  [
    'a sidecar without resources',
    { initContainers: [service({ name: 's', restartPolicy: 'Always' })], containers: [service({ resources: full })] },
    'Burstable',
  ],
  ['a cpu limit alone', { containers: [service({ resources: { limits: { cpu: '1' } } })] }, 'Burstable'],
  [
    'requests below limits',
    { containers: [service({ resources: { ...full, requests: { cpu: '1', memory: '1Mi' } } })] },
    'Burstable',
  ],
  [
    'equal amounts in different units',
    {
      containers: [
        service({ resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1000m', memory: '1024Mi' } } }),
      ],
    },
    'Guaranteed',
  ],
  [
    'ephemeral storage alone',
    { containers: [service({ resources: { requests: { 'ephemeral-storage': '1Gi' } } })] },
    'BestEffort',
  ],
  ['Pod-level limits', { resources: full, containers: [service(), service({ name: 'b' })] }, 'Guaranteed'],
  [
    'a Pod-level request, whatever its containers have',
    { resources: { requests: { cpu: '1' } }, containers: [service({ resources: full })] },
    'Burstable',
  ],
  ['nothing', { containers: [service()] }, 'BestEffort'],
])('QoS class: %s', async ([, spec, expected]) => {
  const cluster = await podScenario();
  const created = await cluster.start(spec);
  expect(created.status?.qosClass).toBe(expected);
  expect((await cluster.pod()).status?.qosClass).toBe(expected);
});
