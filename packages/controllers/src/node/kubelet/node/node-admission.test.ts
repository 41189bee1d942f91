import { type Container, type Node, type Pod, type PodSpec, qosClass } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { activeDeadline } from '../pod/active-deadline.ts';
import { hasStorageLimits, storageEviction } from './eviction.ts';
import { charge, newNodeUse, podRequests, refusals, tolerates } from './node-admission.ts';

function pod(spec: Partial<PodSpec>, uid = 'u'): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', uid }, spec: { containers: [], ...spec } };
}

function container(name: string, requests: { [resource: string]: string }, more: Partial<Container> = {}): Container {
  return { name, image: 'i', resources: { requests }, ...more };
}

const node: Node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n', labels: { zone: 'a', size: '5' } },
  spec: {},
};

function refusal(of: Pod, { others = [], taints }: { others?: Pod[]; taints?: Node['spec']['taints'] } = {}) {
  const use = newNodeUse();
  for (const other of others) charge(use, other, 1);
  return refusals(of, {
    nodeName: 'n',
    operatingSystem: 'linux',
    node: { ...node, spec: taints === undefined ? {} : { taints } },
    allocatable: { cpu: '2', memory: '1Gi', 'ephemeral-storage': '1Gi', pods: '2', 'example.com/fpga': '1' },
    use,
  })[0];
}

describe('what a node refuses', () => {
  const affinity = (
    key: string,
    operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt',
    values?: string[],
  ) =>
    pod({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key, operator, ...(values === undefined ? {} : { values }) }] }],
          },
        },
      },
    });
  const port = (hostPort: number, hostIP?: string) =>
    pod({
      containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80, hostPort, ...(hostIP ? { hostIP } : {}) }] }],
    });

  test.each<[string, Pod, Parameters<typeof refusal>[1], string | undefined]>([
    ['nothing of what fits', pod({ containers: [container('a', { cpu: '2', memory: '1Gi' })] }), {}, undefined],
    ['too much CPU', pod({ containers: [container('a', { cpu: '2001m' })] }), {}, 'OutOfcpu'],
    ['too much memory', pod({ containers: [container('a', { memory: '2Gi' })] }), {}, 'OutOfmemory'],
    [
      'too much storage',
      pod({ containers: [container('a', { 'ephemeral-storage': '2Gi' })] }),
      {},
      'OutOfephemeral-storage',
    ],
    [
      'too much of an extended resource that it has',
      pod({ containers: [container('a', { 'example.com/fpga': '2' })] }),
      {},
      'OutOfexample.com/fpga',
    ],
    [
      'not an extended resource that it does not count: it may be the cluster’s',
      pod({ containers: [container('a', { 'example.com/gpu': '1' })] }),
      {},
      undefined,
    ],
    [
      'huge pages that it has not',
      pod({ containers: [container('a', { 'hugepages-2Mi': '2Mi' })] }),
      {},
      'OutOfhugepages-2Mi',
    ],
    [
      'CPU before memory before storage, whatever the order in the Pod',
      pod({ containers: [container('a', { 'ephemeral-storage': '2Gi', memory: '2Gi', cpu: '3' })] }),
      {},
      'OutOfcpu',
    ],
    [
      'Pods before all resources',
      pod({ containers: [container('a', { cpu: '3' })] }),
      { others: [pod({}, 'x'), pod({}, 'y')] },
      'OutOfpods',
    ],
    [
      'resources before affinity',
      pod({ nodeSelector: { zone: 'b' }, containers: [container('a', { cpu: '3' })] }),
      {},
      'OutOfcpu',
    ],
    ['affinity before the node’s name', pod({ nodeName: 'other', nodeSelector: { zone: 'b' } }), {}, 'NodeAffinity'],
    [
      'what other Pods have taken',
      pod({ containers: [container('a', { cpu: '1500m' })] }),
      { others: [pod({ containers: [container('b', { cpu: '1' })] })] },
      'OutOfcpu',
    ],
    ['one Pod too many', pod({}), { others: [pod({}, 'x'), pod({}, 'y')] }, 'OutOfpods'],
    ['a Pod for another node', pod({ nodeName: 'other' }), {}, 'NodeName'],
    ['a selector that it does not match', pod({ nodeSelector: { zone: 'b' } }), {}, 'NodeAffinity'],
    ['not one that it does', pod({ nodeSelector: { zone: 'a' } }), {}, undefined],
    ['an affinity that it does not match', affinity('zone', 'NotIn', ['a']), {}, 'NodeAffinity'],
    ['not Gt that it exceeds', affinity('size', 'Gt', ['4']), {}, undefined],
    ['Lt that it exceeds', affinity('size', 'Lt', ['4']), {}, 'NodeAffinity'],
    ['not a label that must be absent and is', affinity('none', 'DoesNotExist'), {}, undefined],
    ['a port that is taken', port(80), { others: [port(80)] }, 'NodePorts'],
    ['a port taken on all addresses', port(80, '1.1.1.1'), { others: [port(80)] }, 'NodePorts'],
    ['a port for all addresses taken on one', port(80), { others: [port(80, '1.1.1.1')] }, 'NodePorts'],
    ['not one taken on another address', port(80, '2.2.2.2'), { others: [port(80, '1.1.1.1')] }, undefined],
    [
      'a NoExecute taint that is not tolerated',
      pod({}),
      { taints: [{ key: 'k', effect: 'NoExecute' }] },
      'TaintToleration',
    ],
    ['not a NoSchedule taint', pod({}), { taints: [{ key: 'k', effect: 'NoSchedule' }] }, undefined],
    [
      'not a taint that is tolerated',
      pod({ tolerations: [{ key: 'k', operator: 'Exists' }] }),
      { taints: [{ key: 'k', effect: 'NoExecute' }] },
      undefined,
    ],
    ['another operating system', pod({ os: { name: 'windows' } }), {}, 'PodOSNotSupported'],
    [
      'another operating system before resources',
      pod({ os: { name: 'windows' }, containers: [container('a', { cpu: '3' })] }),
      {},
      'PodOSNotSupported',
    ],
    ['not its own operating system', pod({ os: { name: 'linux' } }), {}, undefined],
  ])('%s', (_rule, of, options, reason) => {
    expect(refusal(of, options)?.reason).toBe(reason);
  });

  test.each<[string, Pod, Parameters<typeof refusal>[1], string]>([
    [
      'PodOSNotSupported',
      pod({ os: { name: 'windows' } }),
      {},
      "Failed to admit pod as the OS field doesn't match node OS",
    ],
    [
      'NodeAffinity',
      pod({ nodeSelector: { zone: 'b' } }),
      {},
      "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    ],
    [
      'NodeName',
      pod({ nodeName: 'other' }),
      {},
      "Predicate NodeName failed: node(s) didn't match the requested node name",
    ],
    [
      'NodePorts',
      port(80),
      { others: [port(80)] },
      "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
    ],
    [
      'TaintToleration',
      pod({}),
      { taints: [{ key: 'k', effect: 'NoExecute' }] },
      "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate",
    ],
    [
      'OutOfpods',
      pod({}),
      { others: [pod({}, 'x'), pod({}, 'y')] },
      "Node didn't have enough resource: pods, requested: 1, used: 2, capacity: 2",
    ],
  ])('the message of %s', (reason, of, options, message) => {
    expect(refusal(of, options)).toMatchObject({ reason, message });
  });

  const sysctl = (name: string, more: Partial<PodSpec> = {}) =>
    pod({ securityContext: { sysctls: [{ name, value: '1' }] }, ...more });
  test.each<[string, Pod, string | undefined]>([
    ['not a safe sysctl', sysctl('net.ipv4.tcp_syncookies'), undefined],
    ['not one written with slashes', sysctl('net/ipv4/tcp_syncookies'), undefined],
    ['any other sysctl', sysctl('kernel.msgmax'), 'forbidden sysctl: "kernel.msgmax" not allowlisted'],
    [
      'a sysctl of the network on the node’s network',
      sysctl('net.ipv4.ip_local_port_range', { hostNetwork: true }),
      'forbidden sysctl: "net.ipv4.ip_local_port_range" not allowed with host Net enabled',
    ],
    [
      'a sysctl of shared memory in the node’s IPC namespace',
      sysctl('kernel.shm_rmid_forced', { hostIPC: true }),
      'forbidden sysctl: "kernel.shm_rmid_forced" not allowed with host IPC enabled',
    ],
  ])('SysctlForbidden: %s', (_rule, of, message) => {
    expect(refusal(of)).toEqual(message === undefined ? undefined : { reason: 'SysctlForbidden', message });
  });

  test('says what it has', () => {
    const other = pod({ containers: [container('b', { memory: '512Mi' })] });
    expect(refusal(pod({ containers: [container('a', { memory: '1Gi' })] }), { others: [other] })?.message).toBe(
      "Node didn't have enough resource: memory, requested: 1073741824, used: 536870912, capacity: 1073741824",
    );
  });

  test('what a Pod took comes back when it ends', () => {
    const use = newNodeUse();
    const taken = port(80);
    charge(use, taken, 1);
    charge(use, taken, -1);
    expect([use.pods, use.ports.size]).toEqual([0, 0]);
  });
});

describe('what a Pod asks for', () => {
  const side = { restartPolicy: 'Always' };
  test.each<[string, Partial<PodSpec>, number]>([
    [
      'the sum of its containers',
      { containers: [container('a', { cpu: '1' }), container('b', { cpu: '500m' })] },
      1500,
    ],
    [
      'or its largest init container',
      {
        containers: [container('a', { cpu: '1' })],
        initContainers: [container('i', { cpu: '3' }), container('j', { cpu: '2' })],
      },
      3000,
    ],
    [
      'sidecars count with the containers',
      { containers: [container('a', { cpu: '1' })], initContainers: [container('s', { cpu: '1' }, side)] },
      2000,
    ],
    [
      'and with the init containers behind them',
      {
        containers: [container('a', { cpu: '1' })],
        initContainers: [container('s', { cpu: '1' }, side), container('i', { cpu: '3' })],
      },
      4000,
    ],
    ['overhead comes on top', { containers: [container('a', { cpu: '1' })], overhead: { cpu: '250m' } }, 1250],
    [
      'an amount for the whole Pod goes before',
      { containers: [container('a', { cpu: '1' })], resources: { requests: { cpu: '3' } } },
      3000,
    ],
  ])('%s', (_rule, spec, cpu) => {
    expect(podRequests(pod(spec)).get('cpu')).toBe(cpu);
  });
});

test.each([
  [{ key: 'k', operator: 'Exists' }, true],
  [{ operator: 'Exists' }, true],
  [{ key: 'k', operator: 'Equal', value: 'v' }, true],
  [{ key: 'k', value: 'v' }, true],
  [{ key: 'k', value: 'x' }, false],
  [{ key: 'x', operator: 'Exists' }, false],
  [{ key: 'k', operator: 'Exists', effect: 'NoSchedule' }, false],
] as const)('%j tolerates k=v:NoExecute: %s', (toleration, expected) => {
  expect(tolerates(toleration as Parameters<typeof tolerates>[0], { key: 'k', value: 'v', effect: 'NoExecute' })).toBe(
    expected,
  );
});

describe('the quality of service', () => {
  const of = (requests: object, limits?: object): Container =>
    ({ name: 'c', image: 'i', resources: { requests, ...(limits ? { limits } : {}) } }) as Container;
  const both = { cpu: '1', memory: '1Gi' };
  test.each<[string, Container[], string]>([
    ['no requests', [{ name: 'c', image: 'i' }], 'BestEffort'],
    ['zero requests', [of({ cpu: '0' })], 'BestEffort'],
    [
      'limits that equal requests, for cpu and memory, in every container',
      [of(both, { cpu: '1000m', memory: '1024Mi' })],
      'Guaranteed',
    ],
    ['limits alone', [of({}, both)], 'Guaranteed'],
    ['cpu alone', [of({ cpu: '1' }, { cpu: '1' })], 'Burstable'],
    ['one container without', [of(both, both), { name: 'd', image: 'i' }], 'Burstable'],
    ['requests below limits', [of({ cpu: '500m', memory: '1Gi' }, both)], 'Burstable'],
  ])('%s: %s', (_rule, containers, expected) => {
    expect(qosClass(pod({ containers }))).toBe(expected);
  });
  test('init containers count', () => {
    expect(qosClass(pod({ containers: [of(both, both)], initContainers: [{ name: 'i', image: 'i' }] }))).toBe(
      'Burstable',
    );
  });
});

describe('storage', () => {
  const limited = (sizeLimit: string, medium?: 'Memory') =>
    pod({
      containers: [{ name: 'c', image: 'i' }],
      volumes: [{ name: 'v', emptyDir: { sizeLimit, ...(medium ? { medium } : {}) } }],
    });
  const storage = (text: string): Container => ({
    name: 'c',
    image: 'i',
    resources: { limits: { 'ephemeral-storage': text } },
  });
  test.each<[string, Pod, number, string | undefined]>([
    ['within an emptyDir’s limit', limited('1Ki'), 1024, undefined],
    ['above it', limited('1Ki'), 1025, 'Usage of EmptyDir volume "v" exceeds the limit "1Ki". '],
    ['above it in memory', limited('1Ki', 'Memory'), 1025, 'Usage of EmptyDir volume "v" exceeds the limit "1Ki". '],
    [
      'above the containers’ limits together',
      pod({ containers: [storage('1Ki'), storage('1Ki')], volumes: [{ name: 'v', emptyDir: {} }] }),
      2049,
      'Pod ephemeral local storage usage exceeds the total limit of containers 2Ki. ',
    ],
    [
      'a container without a limit adds nothing to them',
      pod({ containers: [storage('1Ki'), { name: 'd', image: 'i' }], volumes: [{ name: 'v', emptyDir: {} }] }),
      1025,
      'Pod ephemeral local storage usage exceeds the total limit of containers 1Ki. ',
    ],
  ])('%s', (_rule, of, used, message) => {
    expect(hasStorageLimits(of)).toBe(true);
    expect(storageEviction({ pod: of, containers: new Map(), volumes: new Map([['v', used]]) })?.message).toBe(message);
  });
});

test('a Pod’s time counts from startTime', () => {
  const timed: Pod = { ...pod({ activeDeadlineSeconds: 60 }), status: { startTime: '1970-01-01T00:00:10Z' } };
  expect(activeDeadline(timed, timed.status)).toBe(70_000);
  expect(activeDeadline(timed, {})).toBeUndefined();
  expect(activeDeadline(pod({}), timed.status)).toBeUndefined();
});
