import { type Deployment, Event, Node, Pod, type PodSpec } from '@orrery/api';
import type { NodeOptions } from '@orrery/cluster';
import { expect, test } from 'vitest';
import { type PodScenario, podScenario, script } from '../pod-scenario.fixture.ts';

/** Nodes that run out of memory or disk: what they report, which Pods they evict, and which they admit. */

const small: NodeOptions = { name: 'node1', capacity: { memory: '1Gi', 'ephemeral-storage': '64Mi' } };
const hog = (amount: string, more: Partial<PodSpec['containers'][number]> = {}): PodSpec => ({
  containers: [
    { name: 'main', image: 'polinux/stress', command: ['stress', '--vm', '1', '--vm-bytes', amount], ...more },
  ],
});
/** The reason why the Pod has ended, or else its phase. */
const outcome = async (cluster: PodScenario, name?: string) => {
  const { status } = await cluster.pod(name);
  return status?.reason ?? status?.phase;
};
const condition = async (cluster: PodScenario, type: string) => {
  const { status } = await cluster.get(Node, 'node1');
  const found = status?.conditions?.find((one) => one.type === type);
  return `${found?.status} ${found?.reason}`;
};
const taints = async (cluster: PodScenario) =>
  ((await cluster.get(Node, 'node1')).spec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`);
const nodeEvents = async (cluster: PodScenario) => {
  const { items } = await cluster.client.list(Event, { namespace: 'default' });
  return items
    .filter(({ involvedObject }) => involvedObject.kind === 'Node')
    .map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
};

test('Evicted: a node that is short of memory evicts the Pod that exceeds its request the most', async () => {
  const cluster = await podScenario({ nodes: [small] });
  await cluster.start(hog('400M', { resources: { requests: { memory: '450Mi' } } }), { name: 'modest' });
  await cluster.start(hog('300M'), { name: 'small' });
  await cluster.advance('30s');
  expect(await condition(cluster, 'MemoryPressure')).toBe('False KubeletHasSufficientMemory');
  await cluster.start(hog('310M'), { name: 'large' });
  await cluster.advance('15s');

  const message =
    'The node was low on resource: memory. Threshold quantity: 100Mi, available: 14Mi. Container main was using 310Mi, request is 0, has larger consumption of memory. ';
  expect((await cluster.pod('large')).status).toMatchObject({ phase: 'Failed', reason: 'Evicted', message });
  expect((await cluster.pod('large')).status?.conditions).toContainEqual(
    expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message }),
  );
  expect(await outcome(cluster, 'large')).toBe('Evicted');
  expect(await cluster.events('large')).toContain(`Warning Evicted: ${message}`);
  expect(await outcome(cluster, 'small')).toBe('Running');
  expect(await outcome(cluster, 'modest')).toBe('Running');
});

test('MemoryPressure: the condition, its taint and its events last until the pressure has been over for five minutes', async () => {
  const cluster = await podScenario({ nodes: [small] });
  await cluster.start(hog('950M'));
  await cluster.advance('15s');
  expect(await outcome(cluster)).toBe('Evicted');
  expect(await condition(cluster, 'MemoryPressure')).toBe('True KubeletHasInsufficientMemory');
  expect(await taints(cluster)).toEqual(['node.kubernetes.io/memory-pressure:NoSchedule']);
  await cluster.advance('4m30s');
  expect(await condition(cluster, 'MemoryPressure')).toBe('True KubeletHasInsufficientMemory');
  await cluster.advance('1m');
  expect(await condition(cluster, 'MemoryPressure')).toBe('False KubeletHasSufficientMemory');
  expect(await taints(cluster)).toEqual([]);
  expect(await nodeEvents(cluster)).toEqual(
    expect.arrayContaining([
      'Warning EvictionThresholdMet: Attempting to reclaim memory',
      'Normal NodeHasInsufficientMemory: Node node1 status is now: NodeHasInsufficientMemory',
      'Normal NodeHasSufficientMemory: Node node1 status is now: NodeHasSufficientMemory',
    ]),
  );
});

test('under memory pressure the node rejects BestEffort Pods and admits Pods with requests', async () => {
  const cluster = await podScenario({ nodes: [small] });
  await cluster.start(hog('950M'), { name: 'hog' });
  await cluster.advance('15s');
  await cluster.start({ nodeName: 'node1', ...hog('1M') });
  expect((await cluster.pod()).status).toMatchObject({
    phase: 'Failed',
    reason: 'Evicted',
    message: 'Pod was rejected: The node had condition: [MemoryPressure]. ',
  });
  expect(await cluster.events()).toContain('Warning Evicted: The node had condition: [MemoryPressure]. ');
  await cluster.start(
    { nodeName: 'node1', ...hog('1M', { resources: { requests: { memory: '1Mi' } } }) },
    { name: 'b' },
  );
  expect(await outcome(cluster, 'b')).toBe('Running');
});

test('Pods are evicted one at a time, and only until there is enough memory', async () => {
  const cluster = await podScenario({ nodes: [small] });
  for (const name of ['a', 'b', 'c', 'd', 'e']) await cluster.start(hog('200M'), { name });
  await cluster.advance('9m');
  const outcomes = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => outcome(cluster, name)));
  expect(outcomes.filter((one) => one === 'Evicted')).toHaveLength(1);
  expect(outcomes.filter((one) => one === 'Running')).toHaveLength(4);
});

test('a critical Pod is not evicted, however much it uses', async () => {
  const cluster = await podScenario({ nodes: [small] });
  await cluster.start({ priorityClassName: 'system-node-critical', ...hog('800M') });
  await cluster.start(hog('150M'), { name: 'other' });
  await cluster.advance('15s');
  expect(await outcome(cluster, 'other')).toBe('Evicted');
  expect(await outcome(cluster)).toBe('Running');
});

test('an evicted Pod gets one second, and each container at least its minimum of two', async () => {
  const cluster = await podScenario({ nodes: [{ ...small, capacity: { memory: '1Gi' } }] });
  await cluster.start({
    terminationGracePeriodSeconds: 600,
    containers: [
      script('trap "" TERM; while true; do sleep 1; done', { name: 'stubborn' }),
      { name: 'hog', image: 'polinux/stress', command: ['stress', '--vm', '1', '--vm-bytes', '950M'] },
    ],
  });
  await cluster.advance('15s');
  const { status } = await cluster.pod();
  expect(status).toMatchObject({ phase: 'Failed', reason: 'Evicted' });
  const ended = status?.containerStatuses?.find(({ name }) => name === 'stubborn')?.state?.terminated;
  expect(ended).toMatchObject({ exitCode: 137, reason: 'Error' });
  const evicted = status?.conditions?.find(({ type }) => type === 'DisruptionTarget')?.lastTransitionTime;
  expect(Date.parse(ended?.finishedAt ?? '') - Date.parse(evicted ?? '')).toBe(2000);
});

test('an emptyDir in memory counts as memory', async () => {
  const cluster = await podScenario({ nodes: [{ name: 'node1', capacity: { memory: '256Mi' } }] });
  await cluster.start({
    containers: [
      script('dd if=/dev/zero of=/cache/file bs=1M count=200; sleep 1d', {
        volumeMounts: [{ name: 'cache', mountPath: '/cache' }],
      }),
    ],
    volumes: [{ name: 'cache', emptyDir: { medium: 'Memory' } }],
  });
  await cluster.advance('30s');
  expect(await condition(cluster, 'MemoryPressure')).toBe('True KubeletHasInsufficientMemory');
  expect(await outcome(cluster)).toBe('Evicted');
});

test('DiskPressure: the Pod that stores the most is evicted, and no Pod is admitted', async () => {
  const cluster = await podScenario({ nodes: [small] });
  const writes = (megabytes: number) => script(`dd if=/dev/zero of=/tmp/file bs=1M count=${megabytes}; sleep 1d`);
  await cluster.start({ containers: [writes(2)] }, { name: 'small' });
  await cluster.start({ containers: [writes(60)] }, { name: 'large' });
  await cluster.advance('30s');
  expect(await condition(cluster, 'DiskPressure')).toBe('True KubeletHasDiskPressure');
  expect(await taints(cluster)).toEqual(['node.kubernetes.io/disk-pressure:NoSchedule']);
  expect(await outcome(cluster, 'small')).toBe('Running');
  expect((await cluster.pod('large')).status).toMatchObject({ phase: 'Failed', reason: 'Evicted' });
  expect((await cluster.pod('large')).status?.message).toMatch(
    /^The node was low on resource: ephemeral-storage\. Threshold quantity: \d+, available: .*\. Container main was using .*, request is 0, has larger consumption of ephemeral-storage\. $/,
  );
  await cluster.start({ nodeName: 'node1', ...hog('1M', { resources: { requests: { memory: '1Mi' } } }) });
  expect((await cluster.pod()).status?.message).toBe('Pod was rejected: The node had condition: [DiskPressure]. ');
  await cluster.remove('large');
  await cluster.advance('6m');
  expect(await condition(cluster, 'DiskPressure')).toBe('False KubeletHasNoDiskPressure');
});

test('removes unused images before it evicts a Pod for disk space', async () => {
  const cluster = await podScenario({ nodes: [small] });
  await cluster.start({ restartPolicy: 'Never', containers: [{ name: 'main', image: 'nginx' }] });
  await cluster.start({ containers: [script('sleep 1d')] }, { name: 'stays' });
  await cluster.remove();
  await cluster.advance('2m');
  const images = (await cluster.nodes.runtime('node1')?.listImages())?.flatMap(({ names }) => names) ?? [];
  expect(images.some((name) => name.includes('nginx'))).toBe(false);
  expect(await outcome(cluster, 'stays')).toBe('Running');
});

test('Evicted: a container whose logs and files exceed its ephemeral-storage limit', async () => {
  const cluster = await podScenario();
  await cluster.start({
    containers: [
      script('dd if=/dev/zero of=/tmp/file bs=1M count=3; sleep 1d', {
        resources: { limits: { 'ephemeral-storage': '2Mi' } },
      }),
      script('sleep 1d', { name: 'other', resources: { limits: { 'ephemeral-storage': '10Mi' } } }),
    ],
  });
  await cluster.advance('1m');
  expect((await cluster.pod()).status).toMatchObject({
    phase: 'Failed',
    reason: 'Evicted',
    message: 'Container main exceeded its local ephemeral storage limit "2Mi". ',
  });
});

test('a workload replaces its evicted Pod', async () => {
  const cluster = await podScenario({ nodes: [small, { name: 'node2' }] });
  const preferred = {
    matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In' as const, values: ['node1'] }],
  };
  const affinity = {
    nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference: preferred }] },
  };
  await cluster.client.create<Deployment>({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'hogs', namespace: 'default' },
    spec: {
      selector: { matchLabels: { app: 'hog' } },
      template: { metadata: { labels: { app: 'hog' } }, spec: { ...hog('950M'), affinity } },
    },
  });
  await cluster.advance('1m');
  const { items } = await cluster.client.list(Pod, { namespace: 'default' });
  expect(items.map(({ spec, status }) => `${spec.nodeName} ${status?.reason ?? status?.phase}`).toSorted()).toEqual([
    'node1 Evicted',
    'node2 Running',
  ]);
});

test('PIDPressure: with a pid.available threshold, the Pod of the lowest priority is evicted', async () => {
  const evictionHard = { 'pid.available': '4194283' };
  const cluster = await podScenario({ nodes: [{ name: 'node1', kubelet: { evictionHard } }] });
  const forks = (count: number) => script(`for i in $(seq ${count}); do sleep 1d & done; wait`);
  await cluster.start({ containers: [forks(4)] }, { name: 'few' });
  await cluster.advance('15s');
  expect(await condition(cluster, 'PIDPressure')).toBe('False KubeletHasSufficientPID');
  await cluster.start({ containers: [forks(12)] }, { name: 'many' });
  await cluster.advance('15s');
  expect(await condition(cluster, 'PIDPressure')).toBe('True KubeletHasInsufficientPID');
  expect(await taints(cluster)).toEqual(['node.kubernetes.io/pid-pressure:NoSchedule']);
  expect(await outcome(cluster, 'many')).toBe('Evicted');
  expect((await cluster.pod('many')).status?.message).toMatch(/^The node was low on resource: pids\. /);
  expect(await outcome(cluster, 'few')).toBe('Running');
});

test('evictionPressureTransitionPeriod sets how long the condition stays', async () => {
  const kubelet = { evictionPressureTransitionPeriod: '30s' } as const;
  const cluster = await podScenario({ nodes: [{ ...small, kubelet }] });
  await cluster.start(hog('950M'));
  await cluster.advance('15s');
  expect(await condition(cluster, 'MemoryPressure')).toBe('True KubeletHasInsufficientMemory');
  await cluster.advance('40s');
  expect(await condition(cluster, 'MemoryPressure')).toBe('False KubeletHasSufficientMemory');
});

test('nothing of an evicted Pod stays on the node, and its status survives a kubelet restart', async () => {
  const cluster = await podScenario({ nodes: [small] });
  await cluster.start(hog('950M'));
  await cluster.advance('15s');
  const { status } = await cluster.pod();
  expect(await cluster.nodes.runtime('node1')?.listContainers()).toEqual([]);
  expect(await cluster.nodes.runtime('node1')?.listPodSandboxes()).toEqual([]);
  await cluster.nodes.restartKubelet('node1');
  await cluster.advance('10m');
  expect((await cluster.pod()).status).toEqual(status);
  await cluster.remove();
  await cluster.advance('1s');
  expect(await cluster.row()).toBeUndefined();
});

test('a rejected Pod is removed when it is deleted', async () => {
  const cluster = await podScenario({ nodes: [small] });
  await cluster.start(hog('950M'), { name: 'hog' });
  await cluster.advance('15s');
  await cluster.start({ nodeName: 'node1', ...hog('1M') });
  await cluster.remove();
  await cluster.advance('1s');
  expect(await cluster.row()).toBeUndefined();
});
