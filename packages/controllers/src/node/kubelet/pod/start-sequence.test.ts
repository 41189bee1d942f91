import { type ConfigMap, Pod } from '@orrery/api';
import { RuntimeError } from '@orrery/runtimes';
import { expect, test } from 'vitest';
import { startNode, type TestNode } from '../../node.fixture.ts';

/** The steps of a Pod's start on its node, and what becomes of the steps that fail. */

const web = { name: 'web', image: 'web:1' };
const failing = (): Promise<never> => Promise.reject(new RuntimeError('Unknown', 'broken'));
const since = (node: TestNode): number => node.simulation.environment.clock.now();

test('the status is shown first, then all volumes are made, then the sandbox', async () => {
  const node = await startNode();
  await node.create({
    containers: [web],
    volumes: [
      { name: 'here', emptyDir: {} },
      { name: 'late', configMap: { name: 'late' } },
    ],
  });
  expect((await node.pod()).status).toMatchObject({ phase: 'Pending', startTime: expect.any(String) });
  expect(node.runtime.calls).toEqual([]);
  await node.api.client.create<ConfigMap>({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'late', namespace: 'default' },
  });
  await node.simulation.settle();
  expect(node.runtime.calls).toEqual(['sandbox p 0', 'pull web:1', 'start web']);
});

test('a new sandbox gets its first init container; then ephemeral containers go before init containers, these before the others, by the spec', async () => {
  const node = await startNode();
  node.runtime.programs.set('init:1', { exits: { after: 1000, code: 0 } });
  const { client } = node.api;
  const spec = {
    containers: [
      { name: 'z', image: 'z:1' },
      { name: 'a', image: 'a:1' },
    ],
    initContainers: [
      { name: 'y', image: 'init:1' },
      { name: 'b', image: 'side:1', restartPolicy: 'Always' },
    ],
  };
  const metadata = { name: 'p', namespace: 'default' };
  const pod = await client.create<Pod>({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
  // Nobody creates a Pod with ephemeral containers, but it can get some while it waits for its node.
  const debugged = { ...pod, spec: { ...pod.spec, ephemeralContainers: [{ name: 'e', image: 'e:1' }] } };
  await client.updateSubresource(Pod, 'default/p', 'ephemeralcontainers', debugged);
  const target = { kind: 'Node', name: 'node1' };
  const binding = { apiVersion: 'v1', kind: 'Binding', metadata, target } as const;
  await client.createSubresource(Pod, 'default/p', 'binding', binding);
  await node.advance('5s');
  const starts = node.runtime.calls.filter((call) => call.startsWith('start ')).map((call) => call.slice(6));
  expect(starts).toEqual(['y', 'e', 'b', 'z', 'a']);
});

test('of each container: the image is pulled, the container made and started, the postStart hook run', async () => {
  const node = await startNode();
  await node.create({ containers: [{ ...web, lifecycle: { postStart: { exec: { command: ['hook'] } } } }] });
  expect(node.events.map((line) => line.split(' ')[1])).toEqual(['Pulling', 'Pulled', 'Created', 'Started']);
  expect(node.runtime.calls).toEqual(['sandbox p 0', 'pull web:1', 'start web', 'exec web hook']);
});

test('a container in back-off is not pulled', async () => {
  const node = await startNode();
  node.runtime.programs.set('web:1', { exits: { after: 0, code: 1 } });
  await node.create({ containers: [{ ...web, imagePullPolicy: 'Always' }] });
  await node.advance('5s');
  expect(node.runtime.calls.filter((call) => call.startsWith('pull'))).toHaveLength(2);
});

test('an error of a sync is tried again after 10 to 15 seconds, at another moment for each Pod', async () => {
  const node = await startNode();
  const tries: number[] = [];
  node.runtime.runPodSandbox = () => {
    tries.push(since(node));
    return failing();
  };
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await node.create({ containers: [web] }, { name });
  const begun = since(node);
  await node.advance('9999ms');
  expect(tries).toHaveLength(6);
  await node.advance('5001ms');
  const again = tries.slice(6).map((at) => at - begun);
  expect(again).toHaveLength(6);
  expect(Math.min(...again)).toBeGreaterThanOrEqual(10_000);
  expect(Math.max(...again)).toBeLessThanOrEqual(15_000);
  expect(new Set(again).size).toBeGreaterThan(3);
  expect(node.events.filter((line) => line.includes('FailedCreatePodSandBox'))[0]).toBe(
    'Warning FailedCreatePodSandBox Failed to create pod sandbox: broken',
  );
});

test('KillPodSandboxError: a dead sandbox that cannot be cleared away is tried again, and then made anew', async () => {
  const node = await startNode();
  await node.create({ containers: [web] });
  const [sandbox = ''] = node.runtime.sandboxes.keys();
  const stop = node.runtime.stopPodSandbox.bind(node.runtime);
  let calls = 0;
  node.runtime.stopPodSandbox = (id) => (++calls === 1 ? failing() : stop(id));
  await stop(sandbox);
  await node.simulation.settle();
  expect(calls).toBe(1);
  expect(node.runtime.sandboxes.size).toBe(1);
  await node.advance('16s');
  expect(calls).toBe(2);
  expect(node.runtime.running()).toEqual(['web']);
  expect((await node.pod()).status?.containerStatuses?.[0]?.restartCount).toBe(1);
});

test('FailedKillPod names each container and the sandbox that cannot be stopped, and stops all others', async () => {
  const node = await startNode();
  const { metadata } = await node.create({ containers: [web, { name: 'other', image: 'other:1' }] });
  const { stopContainer, stopPodSandbox } = node.runtime;
  const bad = node.runtime.id('web');
  node.runtime.stopContainer = (id, grace) => (id === bad ? failing() : stopContainer.call(node.runtime, id, grace));
  node.runtime.stopPodSandbox = failing;
  await node.delete();
  await node.advance('1s');
  expect(node.runtime.running()).toEqual(['web']);
  expect(node.events.at(-1)).toBe(
    `Warning FailedKillPod error killing pod: [failed to "KillContainer" for "web" with KillContainerError: "broken", failed to "KillPodSandbox" for "${metadata.uid}" with KillPodSandboxError: "broken"]`,
  );
  Object.assign(node.runtime, { stopContainer, stopPodSandbox });
  await node.advance('16s');
  expect(await node.find()).toBeUndefined();
});

test('FailedSync: what the runtime has of the Pod cannot be found out', async () => {
  const node = await startNode();
  await node.create({ containers: [web] });
  const { containerStatus } = node.runtime;
  node.runtime.containerStatus = () => {
    throw new RuntimeError('Unknown', 'socket is gone');
  };
  node.runtime.end(node.runtime.id('web'), 1);
  await node.simulation.settle();
  expect(node.events.at(-1)).toBe('Warning FailedSync error determining status: socket is gone');
  Object.assign(node.runtime, { containerStatus });
  await node.advance('16s');
  expect((await node.pod()).status?.containerStatuses?.[0]).toMatchObject({ restartCount: 1, ready: true });
});

test('a Pod that is to end while the runtime does not answer is looked at again after 10 to 15 seconds, not at once', async () => {
  const node = await startNode();
  await node.create({ containers: [web] });
  const { containerStatus } = node.runtime;
  let asked = 0;
  node.runtime.containerStatus = () => {
    asked++;
    throw new RuntimeError('Unknown', 'socket is gone');
  };
  await node.delete();
  await node.advance('60s');
  expect(asked).toBeGreaterThan(3);
  expect(asked).toBeLessThan(12);
  Object.assign(node.runtime, { containerStatus });
  await node.advance('16s');
  expect(await node.find()).toBeUndefined();
});
