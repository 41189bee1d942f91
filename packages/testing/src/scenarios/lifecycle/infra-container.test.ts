import type { Pod } from '@orrery/api';
import { expect, test } from 'vitest';
import { type PodScenario, podScenario, script, service } from '../pod-scenario.fixture.ts';

/** The death of the infra container at every stage of a Pod's life. */

const runtimeOf = (cluster: PodScenario) => {
  const runtime = cluster.nodes.runtime('node1');
  if (runtime === undefined) throw new Error('node1 does not run');
  return runtime;
};
/** Kills the infra container, as an operator on the node could. */
async function killInfra(cluster: PodScenario): Promise<string> {
  const runtime = runtimeOf(cluster);
  const sandbox = (await runtime.listPodSandboxes()).find(({ state }) => state === 'READY');
  await runtime.stopPodSandbox(sandbox?.id ?? '');
  return sandbox?.id ?? '';
}
const ready = async (cluster: PodScenario) =>
  (await runtimeOf(cluster).listPodSandboxes()).filter(({ state }) => state === 'READY');
const restarts = (status: Pod['status']) => status?.containerStatuses?.map(({ restartCount }) => restartCount);

test.for(['Always', 'OnFailure'] as const)(
  'under %s the sandbox is recreated with a new address, and every container in it with one more restart',
  async (restartPolicy) => {
    const cluster = await podScenario();
    await cluster.start({ restartPolicy, containers: [service({ name: 'a' }), service({ name: 'b' })] });
    const before = await cluster.pod();
    const old = await killInfra(cluster);
    await cluster.advance('30s');
    const { status, metadata, spec } = await cluster.pod();
    expect(restarts(status)).toEqual([1, 1]);
    expect(metadata.uid).toBe(before.metadata.uid);
    expect(spec.nodeName).toBe(before.spec.nodeName);
    const [sandbox, ...others] = await ready(cluster);
    expect(others).toEqual([]);
    expect(sandbox).toMatchObject({ metadata: { attempt: 1 }, ips: [status?.podIP] });
    expect(sandbox?.id).not.toBe(old);
    const hosts = (await cluster.exec('default/web', ['cat', '/etc/hosts'], { container: 'a' })).stdout;
    expect(hosts).toContain(`${status?.podIP}\tweb\n`);
    expect(await cluster.events()).toContain(
      'Normal SandboxChanged: Pod sandbox changed, it will be killed and re-created.',
    );
    expect(await cluster.row()).toMatchObject({ ready: '2/2', status: 'Running', restarts: '2 (30s ago)' });
  },
);

test('the Pod’s conditions report no network and not ready until everything runs again', async () => {
  const cluster = await podScenario();
  await cluster.start({
    initContainers: [script('sleep 5', { name: 'init' })],
    containers: [service()],
  });
  await cluster.advance('10s');
  const conditions = async () =>
    Object.fromEntries((await cluster.pod()).status?.conditions?.map(({ type, status }) => [type, status]) ?? []);
  expect(await conditions()).toMatchObject({ PodReadyToStartContainers: 'True', Ready: 'True', Initialized: 'True' });
  await killInfra(cluster);
  await cluster.advance('3s');
  expect(await conditions()).toMatchObject({ Ready: 'False', ContainersReady: 'False', PodScheduled: 'True' });
  await cluster.advance('30s');
  expect(await conditions()).toMatchObject({ PodReadyToStartContainers: 'True', Ready: 'True', Initialized: 'True' });
});

test('volumes stay; what the containers wrote elsewhere is gone', async () => {
  const cluster = await podScenario();
  await cluster.start({
    containers: [service({ volumeMounts: [{ name: 'data', mountPath: '/data' }] })],
    volumes: [{ name: 'data', emptyDir: {} }],
  });
  await cluster.exec('default/web', ['sh', '-c', 'echo kept > /data/a; echo lost > /tmp/a']);
  await killInfra(cluster);
  await cluster.advance('30s');
  expect((await cluster.exec('default/web', ['cat', '/data/a'])).stdout).toBe('kept\n');
  expect((await cluster.exec('default/web', ['cat', '/tmp/a'])).exitCode).toBe(1);
});

test('all init containers start over when it dies in the middle of them', async () => {
  const cluster = await podScenario();
  const note = (name: string, seconds: number) =>
    script(`echo ${name} >> /data/log; sleep ${seconds}`, {
      name,
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    });
  await cluster.start({
    initContainers: [note('one', 1), note('two', 10)],
    containers: [service({ volumeMounts: [{ name: 'data', mountPath: '/data' }] })],
    volumes: [{ name: 'data', emptyDir: {} }],
  });
  await cluster.advance('4s');
  await killInfra(cluster);
  await cluster.advance('1m');
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
  expect((await cluster.exec('default/web', ['cat', '/data/log'])).stdout).toBe('one\ntwo\none\ntwo\n');
});

test('sidecars are restarted with the other containers, in order', async () => {
  const cluster = await podScenario();
  await cluster.start({
    initContainers: [service({ name: 'proxy', restartPolicy: 'Always' })],
    containers: [service()],
  });
  await killInfra(cluster);
  await cluster.advance('30s');
  expect(await cluster.row()).toMatchObject({ ready: '2/2', status: 'Running' });
  const started = (await runtimeOf(cluster).listContainers())
    .filter(({ state }) => state === 'RUNNING')
    .toSorted((a, b) => a.startedAt - b.startedAt);
  expect(started.map(({ metadata }) => metadata.name).toSorted()).toEqual(['main', 'proxy']);
});

test('under OnFailure a container that succeeded is not started again', async () => {
  const cluster = await podScenario();
  await cluster.start({
    restartPolicy: 'OnFailure',
    containers: [service({ name: 'a' }), script('exit 0', { name: 'b' })],
  });
  await killInfra(cluster);
  await cluster.advance('30s');
  expect(restarts((await cluster.pod()).status)).toEqual([1, 0]);
});

test('while the Pod is terminating, nothing is recreated', async () => {
  const cluster = await podScenario();
  await cluster.start({
    terminationGracePeriodSeconds: 20,
    containers: [script('trap "" TERM; while true; do sleep 1; done')],
  });
  await cluster.remove();
  await cluster.advance('5s');
  await killInfra(cluster);
  await cluster.advance('10s');
  expect(await cluster.row()).toBeUndefined();
  expect(await runtimeOf(cluster).listContainers()).toEqual([]);
});

test('its death does not affect a Pod that has ended', async () => {
  const cluster = await podScenario();
  await cluster.start({ restartPolicy: 'Never', containers: [script('exit 0')] });
  await cluster.advance('5s');
  const before = await cluster.pod();
  for (const { id } of await runtimeOf(cluster).listPodSandboxes()) await runtimeOf(cluster).stopPodSandbox(id);
  await cluster.advance('1m');
  expect((await cluster.pod()).status).toEqual(before.status);
});

test('is recreated each time it dies', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [service()] });
  for (let round = 0; round < 5; round++) {
    await killInfra(cluster);
    await cluster.advance('6m');
  }
  expect(await cluster.row()).toMatchObject({
    ready: '1/1',
    status: 'Running',
    restarts: expect.stringMatching(/^5 /),
  });
  expect(await ready(cluster)).toHaveLength(1);
});
