import { type Deployment, Event, Node, Pod, type Secret } from '@orrery/api';
import { RuntimeError } from '@orrery/runtimes';
import type { SimulatedRuntime } from '@orrery/runtimes/sim';
import { expect, test, vi } from 'vitest';
import { type PodScenario, podScenario, script, service } from '../pod-scenario.fixture.ts';

/** A Pod and its node: binding, volumes that fail, dead nodes, restarted kubelets. */

function runtimeOf(cluster: PodScenario): SimulatedRuntime {
  const runtime = cluster.machines.runtime('node1');
  if (runtime === undefined) throw new Error('node1 does not run');
  return runtime;
}
const secret = (name: string): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'default' },
  data: { key: btoa('value') },
});
const twoSecrets = {
  containers: [
    service({
      volumeMounts: [
        { name: 'a', mountPath: '/a' },
        { name: 'b', mountPath: '/b' },
      ],
    }),
  ],
  volumes: [
    { name: 'a', secret: { secretName: 'one' } },
    { name: 'b', secret: { secretName: 'two' } },
  ],
};
const failedMounts = async (cluster: PodScenario) =>
  (await cluster.events()).filter((event) => event.startsWith('Warning FailedMount: MountVolume'));

test('each volume that cannot be set up has its own event, whose count rises', async () => {
  const cluster = await podScenario();
  await cluster.start(twoSecrets);
  await cluster.advance('10s');
  expect(await cluster.row()).toMatchObject({ status: 'ContainerCreating' });
  expect(await failedMounts(cluster)).toEqual([
    expect.stringMatching(
      /^Warning FailedMount: MountVolume.SetUp failed for volume "a" : secret "one" not found \(x[2-9]\)$/,
    ),
    expect.stringMatching(
      /^Warning FailedMount: MountVolume.SetUp failed for volume "b" : secret "two" not found \(x[2-9]\)$/,
    ),
  ]);
});

test('when one of two Secrets appears, the other is still reported; when both have, the Pod runs', async () => {
  const cluster = await podScenario();
  await cluster.start(twoSecrets);
  await cluster.advance('2s');
  await cluster.client.create(secret('one'));
  await cluster.advance('1m');
  const count = async (volume: string) =>
    Number(
      /\(x(\d+)\)/.exec((await failedMounts(cluster)).find((event) => event.includes(`"${volume}"`)) ?? '')?.[1] ?? 1,
    );
  expect(await count('b')).toBeGreaterThan(await count('a'));
  await cluster.client.create(secret('two'));
  await cluster.advance('5s');
  expect(await cluster.row()).toEqual({ ready: '1/1', status: 'Running', restarts: '0' });
});

test('after two minutes the kubelet names the volumes it is waiting for', async () => {
  const cluster = await podScenario();
  await cluster.start(twoSecrets);
  await cluster.advance('130s');
  expect(await cluster.events()).toContain(
    'Warning FailedMount: Unable to attach or mount volumes: unmounted volumes=[a b], unattached volumes=[], failed to process volumes=[]: context deadline exceeded',
  );
});

test('reports each volume that cannot be set up, of every kind', async () => {
  const cluster = await podScenario();
  await cluster.start({
    nodeName: 'node1',
    containers: [service()],
    volumes: [
      { name: 'config', configMap: { name: 'none' } },
      { name: 'host', hostPath: { path: '/no/where', type: 'Directory' } },
      { name: 'claim', persistentVolumeClaim: { claimName: 'none' } },
      { name: 'mixed', projected: { sources: [{ secret: { name: 'none' } }] } },
      { name: 'fine', configMap: { name: 'none', optional: true } },
    ],
  });
  await cluster.advance('5s');
  const recorded = (await failedMounts(cluster)).map((event) => /"(\w+)" : (.*)/.exec(event)?.slice(1) ?? []);
  expect(
    Object.fromEntries(recorded.map(([volume = '', text = '']) => [volume, text.replace(/ \(x\d+\)$/, '')])),
  ).toEqual({
    config: 'configmap "none" not found',
    host: 'hostPath type check failed: /no/where is not a directory',
    mixed: 'secret "none" not found',
    claim: expect.stringContaining('persistentvolumeclaim'),
  });
});

test('FailedCreatePodSandBox: a sandbox that cannot be created is retried', async () => {
  const cluster = await podScenario();
  vi.spyOn(runtimeOf(cluster), 'runPodSandbox').mockRejectedValueOnce(
    new RuntimeError('Unknown', 'no address is free'),
  );
  await cluster.start({ containers: [service()] });
  expect(cluster.shown()).toEqual(['Pending', 'ContainerCreating']);
  expect(await cluster.events()).toContain(
    'Warning FailedCreatePodSandBox: Failed to create pod sandbox: no address is free',
  );
  await cluster.advance('20s');
  expect(await cluster.row()).toEqual({ ready: '1/1', status: 'Running', restarts: '0' });
});

test('FailedKillPod: stopping a sandbox is retried until it succeeds', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [service()] });
  const { uid } = (await cluster.pod()).metadata;
  const stop = vi.spyOn(runtimeOf(cluster), 'stopPodSandbox').mockRejectedValue(new RuntimeError('Unknown', 'no shim'));
  await cluster.remove();
  await cluster.advance('20s');
  expect(await cluster.row()).toMatchObject({ status: 'Terminating' });
  expect(await cluster.events()).toContainEqual(
    expect.stringContaining(
      `Warning FailedKillPod: error killing pod: failed to "KillPodSandbox" for "${uid}" with KillPodSandboxError: "no shim"`,
    ),
  );
  stop.mockRestore();
  await cluster.advance('15s');
  expect(await cluster.row()).toBeUndefined();
});

test('FailedKillPod: a container that cannot be stopped ends with its sandbox', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [service()] });
  vi.spyOn(runtimeOf(cluster), 'stopContainer').mockRejectedValueOnce(new RuntimeError('Unknown', 'shim is gone'));
  await cluster.remove();
  await cluster.advance('1s');
  expect(await cluster.events()).toContain(
    'Warning FailedKillPod: error killing pod: failed to "KillContainer" for "main" with KillContainerError: "shim is gone"',
  );
  expect(await cluster.row()).toBeUndefined();
});

test('CreateContainerError: the runtime cannot create the container', async () => {
  const cluster = await podScenario();
  vi.spyOn(runtimeOf(cluster), 'createContainer').mockRejectedValueOnce(new RuntimeError('Unknown', 'no space left'));
  await cluster.start({ containers: [service()] });
  expect(cluster.shown()).toContain('CreateContainerError');
  await cluster.advance('20s');
  expect(await cluster.row()).toMatchObject({ status: 'Running', restarts: '0' });
});

test.for([
  ['nodeName', { nodeName: 'node2' }],
  ['nodeSelector', { nodeSelector: { 'kubernetes.io/hostname': 'node2' } }],
] as const)('%s determines the node', async ([, spec]) => {
  const cluster = await podScenario({ nodes: 3 });
  await cluster.start({ ...spec, containers: [service()] });
  expect((await cluster.pod()).spec.nodeName).toBe('node2');
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
});

test('a bound Pod never moves, whatever happens to its node and its labels', async () => {
  const cluster = await podScenario({ nodes: 2 });
  await cluster.start({ nodeSelector: { 'kubernetes.io/hostname': 'node1' }, containers: [service()] });
  const before = await cluster.pod();
  await cluster.client.patch(Node, 'node1', {
    type: 'merge',
    patch: { metadata: { labels: { 'kubernetes.io/hostname': 'other' } } },
  });
  await cluster.nodes.stop('node1');
  await cluster.advance('3m');
  const { metadata, spec } = await cluster.pod();
  expect(spec.nodeName).toBe('node1');
  expect(metadata.uid).toBe(before.metadata.uid);
  await expect(
    cluster.client.update({ ...(await cluster.pod()), spec: { ...spec, nodeName: 'node2' } }),
  ).rejects.toThrow(/nodeName|pod updates may not change/);
});

test('a Pod on a dead node is not ready, is marked for deletion after five minutes, and stays until the node is back', async () => {
  const cluster = await podScenario({ nodes: 2 });
  await cluster.start({ nodeName: 'node1', containers: [service()] });
  await cluster.nodes.stop('node1');
  await cluster.advance('1m');
  expect((await cluster.pod()).status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('False');
  expect(await cluster.events()).toContain('Warning NodeNotReady: Node is not ready');
  const node = await cluster.client.get(Node, 'node1');
  expect(node.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
    status: 'Unknown',
    reason: 'NodeStatusUnknown',
    message: 'Kubelet stopped posting node status.',
  });
  await cluster.advance('6m');
  expect(await cluster.row()).toMatchObject({ status: 'Terminating' });
  await cluster.advance('1h');
  expect(await cluster.row()).toMatchObject({ status: 'Terminating' });
  await cluster.nodes.start('node1');
  await cluster.advance('1m');
  expect(await cluster.row()).toBeUndefined();
});

test('only a controller replaces a Pod on a dead node', async () => {
  const cluster = await podScenario({ nodes: 2 });
  await cluster.start({ nodeName: 'node1', containers: [service()] });
  await cluster.client.create<Deployment>({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'app', namespace: 'default' },
    spec: {
      selector: { matchLabels: { app: 'app' } },
      replicas: 2,
      template: { metadata: { labels: { app: 'app' } }, spec: { containers: [service()] } },
    },
  });
  await cluster.advance('10s');
  await cluster.nodes.stop('node1');
  await cluster.advance('10m');
  const { items } = await cluster.client.list(Pod, { namespace: 'default' });
  const running = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  expect(running.map(({ metadata, spec }) => [metadata.labels?.app, spec.nodeName])).toEqual([
    ['app', 'node2'],
    ['app', 'node2'],
  ]);
  expect((await cluster.pod()).metadata.deletionTimestamp).toBeDefined();
});

test('a Pod is removed from the API when its node is', async () => {
  const cluster = await podScenario({ nodes: 2 });
  await cluster.start({ nodeName: 'node1', containers: [service()] });
  await cluster.nodes.stop('node1');
  await cluster.client.delete(Node, 'node1');
  await cluster.advance('5m');
  expect(await cluster.row()).toBeUndefined();
});

test('a machine that is powered off and on again restarts its Pods and counts the restarts', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [service()] });
  const before = await cluster.pod();
  await cluster.nodes.stop('node1');
  await cluster.advance('20s');
  await cluster.nodes.start('node1');
  await cluster.advance('30s');
  const { metadata, status } = await cluster.pod();
  expect(metadata.uid).toBe(before.metadata.uid);
  expect(status?.containerStatuses?.[0]).toMatchObject({ restartCount: 1, ready: true });
  expect(status?.phase).toBe('Running');
});

test('a container lost with its machine is reported as ContainerStatusUnknown until it is replaced', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [service()] });
  const seen: unknown[][] = [];
  const watch = cluster.client.watch(Pod, { namespace: 'default' }).subscribe((event) => {
    if (event.type !== 'MODIFIED') return;
    const [status] = event.object.status?.containerStatuses ?? [];
    seen.push([event.object.status?.phase, status?.restartCount, status?.lastState?.terminated]);
  });
  await cluster.nodes.stop('node1');
  await cluster.nodes.start('node1');
  await cluster.advance('10s');
  watch.unsubscribe();
  const end = {
    reason: 'ContainerStatusUnknown',
    exitCode: 137,
    message: 'The container could not be located when the pod was deleted.  The container used to be Running',
  };
  expect(seen).toContainEqual(['Running', 1, end]);
  expect(seen.at(-1)).toEqual(['Running', 1, undefined]);
  expect(seen.map(([phase]) => phase)).not.toContain('Pending');
});

test('a restarted kubelet adopts running containers: nothing is restarted, nothing becomes unready', async () => {
  const cluster = await podScenario();
  await cluster.start({
    initContainers: [
      script('exit 0', { name: 'init' }),
      service({ name: 'proxy', restartPolicy: 'Always', startupProbe: { exec: { command: ['true'] } } }),
    ],
    containers: [
      service({ readinessProbe: { exec: { command: ['true'] } }, livenessProbe: { exec: { command: ['true'] } } }),
    ],
  });
  await cluster.advance('15s');
  const before = await cluster.pod();
  for (let i = 0; i < 3; i++) {
    await cluster.nodes.restartKubelet('node1');
    await cluster.advance('1m');
  }
  const after = await cluster.pod();
  expect(after.status?.containerStatuses).toEqual(before.status?.containerStatuses);
  expect(after.status?.initContainerStatuses).toEqual(before.status?.initContainerStatuses);
  expect(after.status?.conditions).toEqual(before.status?.conditions);
});

test('the kubelet catches up on what happened while it was down', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [script('sleep 20; exit 3')] });
  await cluster.advance('10s');
  const restarting = cluster.nodes.restartKubelet('node1');
  await cluster.settle();
  await restarting;
  await cluster.advance('15s');
  const [status] = (await cluster.pod()).status?.containerStatuses ?? [];
  expect(status).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 3 } } });
});

test('a Pod that is deleted while the kubelet restarts still gets its grace period', async () => {
  const cluster = await podScenario();
  await cluster.start({ terminationGracePeriodSeconds: 10, containers: [script('sleep 1d; true')] });
  await cluster.remove();
  await cluster.advance('3s');
  await cluster.nodes.restartKubelet('node1');
  await cluster.advance('20s');
  expect(await cluster.row()).toBeUndefined();
  expect(await runtimeOf(cluster).listContainers()).toEqual([]);
});

test('a full node makes room for a critical Pod that is bound to it', async () => {
  const cluster = await podScenario();
  const asking = (cpu: string) => [service({ resources: { requests: { cpu } } })];
  await cluster.start({ containers: asking('3') }, { name: 'big' });
  await cluster.start({ containers: asking('500m') }, { name: 'small' });
  await cluster.start({ nodeName: 'node1', priorityClassName: 'system-node-critical', containers: asking('3') });
  await cluster.advance('10s');
  expect(await cluster.row()).toMatchObject({ ready: '1/1', status: 'Running' });
  expect(await cluster.row('small')).toMatchObject({ status: 'Running' });
  expect((await cluster.pod('big')).status).toMatchObject({
    phase: 'Failed',
    reason: 'Preempting',
    message: 'Preempted in order to admit critical pod',
    conditions: expect.arrayContaining([
      expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' }),
    ]),
  });
  expect(await cluster.events('big')).toContain('Warning Preempting: Preempted in order to admit critical pod');
});

const noNetwork =
  'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized';

test('NetworkNotReady: Pods wait for the node’s network; host-network Pods do not', async () => {
  const cluster = await podScenario();
  runtimeOf(cluster).setNetworkReady(false);
  await cluster.start({ nodeName: 'node1', containers: [service()] });
  await cluster.start({ nodeName: 'node1', hostNetwork: true, containers: [service()] }, { name: 'host' });
  await cluster.advance('5s');
  expect(await cluster.row()).toEqual({ ready: '0/1', status: 'ContainerCreating', restarts: '0' });
  expect(await cluster.row('host')).toMatchObject({ status: 'Running' });
  expect(await cluster.events()).toEqual([
    expect.stringMatching(/^Warning NetworkNotReady: network is not ready: .* \(x[3-5]\)$/),
  ]);
  expect((await cluster.events())[0]).toContain(`network is not ready: ${noNetwork}`);
  runtimeOf(cluster).setNetworkReady(true);
  await cluster.advance('1500ms');
  expect(await cluster.row()).toEqual({ ready: '1/1', status: 'Running', restarts: '0' });
});

test('a node whose network is not ready is NotReady and gets no Pods until it is', async () => {
  const cluster = await podScenario();
  const ready = async () => {
    const { status, spec } = await cluster.client.get(Node, 'node1');
    const { status: value, reason, message } = status?.conditions?.find(({ type }) => type === 'Ready') ?? {};
    return [value, reason, message, ...(spec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`).toSorted()];
  };
  await cluster.start({ containers: [service()] }, { name: 'before' });
  const readiness = async () => (await cluster.pod('before')).status?.conditions?.find(({ type }) => type === 'Ready');
  const before = await readiness();
  runtimeOf(cluster).setNetworkReady(false);
  await cluster.advance('20s');
  expect(await ready()).toEqual(['False', 'KubeletNotReady', noNetwork, 'node.kubernetes.io/not-ready:NoSchedule']);
  expect(await cluster.row('before')).toEqual({ ready: '1/1', status: 'Running', restarts: '0' });
  expect(await readiness()).toEqual(before);
  await cluster.start({ containers: [service()] });
  expect(await cluster.row()).toMatchObject({ status: 'Pending' });
  runtimeOf(cluster).setNetworkReady(true);
  await cluster.advance('20s');
  expect(await ready()).toEqual(['True', 'KubeletReady', 'kubelet is posting ready status']);
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
  expect(await cluster.row('before')).toEqual({ ready: '1/1', status: 'Running', restarts: '0' });
  const { items } = await cluster.client.list(Event, { namespace: 'default' });
  expect(
    items
      .filter(({ involvedObject, source }) => involvedObject.kind === 'Node' && source?.component === 'kubelet')
      .map(({ reason, message }) => [reason, message]),
  ).toEqual([
    ['NodeNotReady', 'Node node1 status is now: NodeNotReady'],
    ['NodeReady', 'Node node1 status is now: NodeReady'],
  ]);
});

test('FailedSync: a Pod whose containers the runtime cannot list is synced again after 10 to 15 seconds', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [script('sleep 1; exit 1')] });
  const read = vi.spyOn(runtimeOf(cluster), 'podSandboxStatus').mockImplementation(() => {
    throw new RuntimeError('Unknown', 'socket is gone');
  });
  await cluster.advance('5s');
  const asked = read.mock.calls.length;
  expect(await cluster.events()).toContain('Warning FailedSync: error determining status: socket is gone');
  await cluster.advance('5s');
  expect(read.mock.calls.length).toBe(asked);
  read.mockRestore();
  await cluster.advance('10s');
  expect((await cluster.pod()).status?.containerStatuses?.[0]?.restartCount).toBeGreaterThan(0);
});
