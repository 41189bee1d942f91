import type { Container, Pod, PodSpec } from '@orrery/api';
import type { ContainerUsage, NodeUsage } from '@orrery/runtimes';
import { describe, expect, test } from 'vitest';
import { hasStorageLimits, pressureEviction, storageEviction } from './eviction.ts';
import { type PodUse, podUse, rankForEviction } from './eviction-rank.ts';
import {
  amountText,
  defaultEvictionHard,
  evictionThresholds,
  metThresholds,
  neverSeen,
  pressureRefusal,
  pressureSeen,
  type StarvedResource,
} from './eviction-thresholds.ts';
import { healthRows, transitions } from './node-health.ts';

const mebi = 1024 ** 2;
const gibi = 1024 ** 3;

const container = (name: string, resources: Container['resources'] = {}): Container => ({
  name,
  image: 'i',
  resources,
});
const pod = (spec: Partial<PodSpec> = {}, name = 'p'): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: name },
  spec: { containers: [container('c')], ...spec },
});
const nothing: ContainerUsage = { memoryBytes: 0, writableLayerBytes: 0, logBytes: 0, inodes: 0, processes: 0 };
const use = (of: Pod, usage: Partial<ContainerUsage>, volumes: { [name: string]: number } = {}): PodUse => ({
  pod: of,
  containers: new Map(of.spec.containers.map(({ name }) => [name, { ...nothing, ...usage }])),
  volumes: new Map(Object.entries(volumes)),
});

describe('thresholds', () => {
  const node = { memory: '8Gi', 'ephemeral-storage': '100Gi' };
  const usage = (more: Partial<NodeUsage>): NodeUsage => ({
    memoryBytes: 0,
    storageBytes: 0,
    inodes: 0,
    processes: 0,
    ...more,
  });

  test('by default: 100Mi of memory, 10% and 5% of the inodes of nodefs, 15% and 5% of imagefs, no limit for processes', () => {
    expect(
      evictionThresholds(defaultEvictionHard, node).map(({ signal, quantity }) => `${signal}<${amountText(quantity)}`),
    ).toEqual([
      'memory.available<100Mi',
      'nodefs.available<10Gi',
      'nodefs.inodesFree<320Ki',
      'imagefs.available<15Gi',
      'imagefs.inodesFree<320Ki',
    ]);
  });

  test.each<[string, Partial<NodeUsage>, readonly string[]]>([
    ['nothing is met by an empty node', {}, []],
    ['exactly the threshold left is enough', { memoryBytes: 8 * gibi - 100 * mebi }, []],
    ['less than that is too little', { memoryBytes: 8 * gibi - 100 * mebi + 1 }, ['memory.available']],
    ['imagefs is met before nodefs, for both are one disk', { storageBytes: 86 * gibi }, ['imagefs.available']],
    ['then both are', { storageBytes: 91 * gibi }, ['nodefs.available', 'imagefs.available']],
    ['inodes, one for 16 KiB of disk', { inodes: 6_553_600 - 327_679 }, ['nodefs.inodesFree', 'imagefs.inodesFree']],
    [
      'memory comes first',
      { memoryBytes: 8 * gibi, storageBytes: 86 * gibi },
      ['memory.available', 'imagefs.available'],
    ],
  ])('%s', (_rule, used, met) => {
    expect(
      metThresholds(evictionThresholds(defaultEvictionHard, node), usage(used)).map(({ signal }) => signal),
    ).toEqual(met);
  });

  test('pid.available counts processes, where it is asked for', () => {
    const thresholds = evictionThresholds({ 'pid.available': '4194300' }, node);
    expect(metThresholds(thresholds, usage({ processes: 4 }))).toEqual([]);
    expect(metThresholds(thresholds, usage({ processes: 5 }))).toMatchObject([{ condition: 'PIDPressure' }]);
  });

  test('of what a node does not have nothing is short', () => {
    expect(evictionThresholds(defaultEvictionHard, {})).toEqual([]);
  });
});

describe('the transition period', () => {
  const [memory, disk] = evictionThresholds(defaultEvictionHard, { memory: '8Gi', 'ephemeral-storage': '100Gi' });
  if (memory === undefined || disk === undefined) throw new Error('there are thresholds for both');

  test('a condition stays true until its threshold has not been met for so long', () => {
    let seen = pressureSeen(neverSeen, [memory], 1000, 5000);
    expect([...seen.keys()]).toEqual(['MemoryPressure']);
    seen = pressureSeen(seen, [], 5999, 5000);
    expect([...seen.keys()]).toEqual(['MemoryPressure']);
    expect(pressureSeen(seen, [], 6000, 5000)).toBe(neverSeen);
  });

  test('each time that it is met begins a new period', () => {
    const seen = pressureSeen(pressureSeen(neverSeen, [memory], 1000, 5000), [memory, disk], 4000, 5000);
    expect(pressureSeen(seen, [], 8000, 5000)).toEqual(
      new Map([
        ['MemoryPressure', 4000],
        ['DiskPressure', 4000],
      ]),
    );
  });
});

describe('who leaves first', () => {
  const asks = (name: string, resources: Container['resources'], priority?: number) =>
    pod({ containers: [container('c', resources)], ...(priority === undefined ? {} : { priority }) }, name);
  const memory = (amount: string) => ({ requests: { memory: amount } });
  const storage = (amount: string) => ({ requests: { 'ephemeral-storage': amount } });

  test.each<[string, StarvedResource, PodUse[], string[]]>([
    [
      'those that use more than they requested, whatever their priority',
      'memory',
      [use(asks('a', memory('2Gi'), 0), { memoryBytes: gibi }), use(asks('b', {}, 1000), { memoryBytes: 1 })],
      ['b', 'a'],
    ],
    [
      'among them those of lower priority',
      'memory',
      [use(asks('a', {}, 10), { memoryBytes: gibi }), use(asks('b', {}, 5), { memoryBytes: 1 })],
      ['b', 'a'],
    ],
    [
      'among those the one that uses most beyond its request',
      'memory',
      [
        use(asks('a', memory('1Gi')), { memoryBytes: gibi + 5 }),
        use(asks('b', {}), { memoryBytes: 10 }),
        use(asks('c', memory('1Ki')), { memoryBytes: 1030 }),
      ],
      ['b', 'c', 'a'],
    ],
    [
      'of those within their requests the one that leaves least of it',
      'memory',
      [use(asks('a', memory('1Gi')), { memoryBytes: 1 }), use(asks('b', memory('2Gi')), { memoryBytes: 2 * gibi - 5 })],
      ['b', 'a'],
    ],
    [
      'storage: writable layer, log and emptyDirs together',
      'ephemeral-storage',
      [
        use(asks('a', storage('100')), { writableLayerBytes: 60, logBytes: 30 }),
        use(
          pod({ ...asks('b', storage('100')).spec, volumes: [{ name: 'v', emptyDir: {} }] }, 'b'),
          { logBytes: 60 },
          { v: 50 },
        ),
      ],
      ['b', 'a'],
    ],
    [
      'an emptyDir in memory is memory, not storage',
      'memory',
      [
        use(asks('a', {}), { memoryBytes: 20 }),
        use(pod({ volumes: [{ name: 'v', emptyDir: { medium: 'Memory' } }] }, 'b'), { memoryBytes: 10 }, { v: 15 }),
      ],
      ['b', 'a'],
    ],
    [
      'inodes: requests do not count',
      'inodes',
      [use(asks('a', {}), { inodes: 3 }), use(asks('b', {}), { inodes: 5 })],
      ['b', 'a'],
    ],
    [
      'processes: priority, then how many',
      'pids',
      [
        use(asks('a', {}, 5), { processes: 90 }),
        use(asks('b', {}), { processes: 3 }),
        use(asks('c', {}), { processes: 4 }),
      ],
      ['c', 'b', 'a'],
    ],
  ])('%s', (_rule, resource, uses, order) => {
    expect(rankForEviction(resource, uses).map((one) => one.pod.metadata.name)).toEqual(order);
  });

  test('what a Pod uses is the sum over its containers', () => {
    const two = use(pod({ containers: [container('c'), container('d')] }), { memoryBytes: 7, inodes: 2 });
    expect(podUse('memory', two)).toBe(14);
    expect(podUse('inodes', two)).toBe(4);
  });
});

describe('Evicted', () => {
  const of = pod({ containers: [container('c', { requests: { memory: '100Mi' } }), container('d')] });

  test('by memory: the message names the threshold, what is left, and the containers that use more than they requested', () => {
    const verdict = pressureEviction(
      { resource: 'memory', quantity: 100 * mebi, available: 50 * mebi },
      use(of, { memoryBytes: 300 * mebi }),
    );
    const message =
      'The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container c was using 300Mi, request is 100Mi, has larger consumption of memory. Container d was using 300Mi, request is 0, has larger consumption of memory. ';
    expect(verdict).toEqual({
      reason: 'Evicted',
      message,
      grace: 1000,
      disruption: { status: 'True', reason: 'TerminationByKubelet', message },
    });
  });

  test('a container within its request is not named', () => {
    expect(
      pressureEviction({ resource: 'memory', quantity: 100 * mebi, available: 0 }, use(of, { memoryBytes: 50 * mebi }))
        .message,
    ).toBe(
      'The node was low on resource: memory. Threshold quantity: 100Mi, available: 0. Container d was using 50Mi, request is 0, has larger consumption of memory. ',
    );
  });

  test('by storage: writable layer and log of a container', () => {
    expect(
      pressureEviction(
        { resource: 'ephemeral-storage', quantity: gibi, available: 1000 },
        use(pod(), { writableLayerBytes: 1024, logBytes: 1024 }),
      ).message,
    ).toBe(
      'The node was low on resource: ephemeral-storage. Threshold quantity: 1Gi, available: 1k. Container c was using 2Ki, request is 0, has larger consumption of ephemeral-storage. ',
    );
  });

  test('by inodes: no container is named', () => {
    expect(
      pressureEviction({ resource: 'inodes', quantity: 10, available: 5 }, use(pod(), { inodes: 99 })).message,
    ).toBe('The node was low on resource: inodes. Threshold quantity: 10, available: 5. ');
  });
});

describe('limits of storage', () => {
  const limited = (name: string, limit: string) => container(name, { limits: { 'ephemeral-storage': limit } });
  const volumes = [{ name: 'v', emptyDir: {} }];
  test.each<[string, PodUse, string | undefined]>([
    [
      'a container that writes and logs more than its limit',
      use(pod({ containers: [limited('c', '1Ki'), limited('d', '9Ki')] }), { writableLayerBytes: 1000, logBytes: 25 }),
      'Container c exceeded its local ephemeral storage limit "1Ki". ',
    ],
    [
      'not one that just reaches it',
      use(pod({ containers: [limited('c', '1Ki')] }), { writableLayerBytes: 1000, logBytes: 24 }),
      undefined,
    ],
    [
      'a Pod whose containers and emptyDirs hold more than all limits together',
      use(pod({ containers: [limited('c', '1Ki'), limited('d', '1Ki')], volumes }), { logBytes: 1000 }, { v: 49 }),
      'Pod ephemeral local storage usage exceeds the total limit of containers 2Ki. ',
    ],
    [
      'a sidecar’s limit counts',
      use(
        pod({
          containers: [limited('c', '1Ki')],
          initContainers: [{ ...limited('s', '1Ki'), restartPolicy: 'Always' }],
          volumes,
        }),
        {},
        { v: 2048 },
      ),
      undefined,
    ],
    [
      'an init container’s larger limit counts instead',
      use(pod({ containers: [limited('c', '1Ki')], initContainers: [limited('i', '4Ki')], volumes }), {}, { v: 4096 }),
      undefined,
    ],
    [
      'an emptyDir in memory counts only for its own limit',
      use(
        pod({ containers: [limited('c', '1Ki')], volumes: [{ name: 'v', emptyDir: { medium: 'Memory' } }] }),
        {},
        { v: 4096 },
      ),
      undefined,
    ],
  ])('%s', (_rule, of, message) => {
    expect(hasStorageLimits(of.pod)).toBe(true);
    const verdict = storageEviction(of);
    expect(verdict?.message).toBe(message);
    if (verdict !== undefined) expect(verdict).toMatchObject({ reason: 'Evicted', grace: 1000 });
    expect(verdict?.disruption).toBeUndefined();
  });

  test('a Pod without limits is not looked at', () => {
    expect(hasStorageLimits(pod({ volumes }))).toBe(false);
  });
});

describe('a node under pressure takes', () => {
  const burstable = pod({ containers: [container('c', { requests: { memory: '1Mi' } })] });
  const tolerating = pod({ tolerations: [{ key: 'node.kubernetes.io/memory-pressure', operator: 'Exists' }] });
  const critical = pod({ priority: 2_000_000_000 });
  test.each<[string, Pod, Parameters<typeof pressureRefusal>[1], string | undefined]>([
    ['everything while there is none', pod(), [], undefined],
    ['no BestEffort Pod when memory is short', pod(), ['MemoryPressure'], 'The node had condition: [MemoryPressure]. '],
    ['one that tolerates that', tolerating, ['MemoryPressure'], undefined],
    ['Pods that requested something', burstable, ['MemoryPressure'], undefined],
    ['none of them when the disk is full', burstable, ['DiskPressure'], 'The node had condition: [DiskPressure]. '],
    ['nor when processes are short', tolerating, ['PIDPressure'], 'The node had condition: [PIDPressure]. '],
    [
      'none when more than memory is short',
      tolerating,
      ['MemoryPressure', 'DiskPressure'],
      'The node had condition: [MemoryPressure DiskPressure]. ',
    ],
    ['critical Pods always', critical, ['MemoryPressure', 'DiskPressure'], undefined],
  ])('%s', (_rule, of, conditions, message) => {
    expect(pressureRefusal(of, conditions)).toEqual(message === undefined ? undefined : { reason: 'Evicted', message });
  });
});

describe('conditions of the node', () => {
  const text = (...args: Parameters<typeof healthRows>) =>
    healthRows(...args).map(([type, status, reason, message]) => `${type} ${status} ${reason}: ${message}`);

  test('all is well', () => {
    expect(text({ pressure: [], shuttingDown: false }, undefined)).toEqual([
      'MemoryPressure False KubeletHasSufficientMemory: kubelet has sufficient memory available',
      'DiskPressure False KubeletHasNoDiskPressure: kubelet has no disk pressure',
      'PIDPressure False KubeletHasSufficientPID: kubelet has sufficient PID available',
      'Ready True KubeletReady: kubelet is posting ready status',
    ]);
  });

  test('all is short', () => {
    expect(
      text({ pressure: ['DiskPressure', 'PIDPressure', 'MemoryPressure'], shuttingDown: true }, 'x is not ready'),
    ).toEqual([
      'MemoryPressure True KubeletHasInsufficientMemory: kubelet has insufficient memory available',
      'DiskPressure True KubeletHasDiskPressure: kubelet has disk pressure',
      'PIDPressure True KubeletHasInsufficientPID: kubelet has insufficient PID available',
      'Ready False KubeletNotReady: [x is not ready, node is shutting down]',
    ]);
  });

  test('Ready is False while the node shuts down', () => {
    expect(text({ pressure: [], shuttingDown: true }, undefined)[3]).toBe(
      'Ready False KubeletNotReady: node is shutting down',
    );
    expect(text({ pressure: [], shuttingDown: true }, '[x, y]')[3]).toBe(
      'Ready False KubeletNotReady: [x, y, node is shutting down]',
    );
  });

  test.each([
    ['MemoryPressure', 'NodeHasInsufficientMemory', 'NodeHasSufficientMemory'],
    ['DiskPressure', 'NodeHasDiskPressure', 'NodeHasNoDiskPressure'],
    ['PIDPressure', 'NodeHasInsufficientPID', 'NodeHasSufficientPID'],
    ['Ready', 'NodeReady', 'NodeNotReady'],
  ])('a change of %s is recorded', (type, becomesTrue, becomesFalse) => {
    expect(transitions([{ type, status: 'False' }], [{ type, status: 'True' }])).toEqual([becomesTrue]);
    expect(transitions([{ type, status: 'True' }], [{ type, status: 'False' }])).toEqual([becomesFalse]);
    expect(transitions([{ type, status: 'True' }], [{ type, status: 'True' }])).toEqual([]);
    expect(transitions(undefined, [{ type, status: 'True' }])).toEqual([]);
  });
});
