import { labelsMatcher } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { testContainer, testNode, testPod } from '../workload/objects.fixture.ts';
import { builtinSchedulerPlugins } from './builtin-plugins.ts';
import { outcome, placeIn, testCluster } from './cluster.fixture.ts';
import type { SchedulerPlugin } from './plugin.ts';
import { nodesToFind } from './schedule.ts';

const taint = (key: string, value?: string) => ({ key, effect: 'NoSchedule' as const, ...(value ? { value } : {}) });

describe('the Pod is placed as a whole', () => {
  const containers = ['main', 'log', 'store'].map((name) => testContainer({ memory: '1G' }, { name }));
  test.each([1, 2, 3, 4, 5])(
    'three containers of 1 GB go to the node of 3 GB, never to that of 2.5 GB (seed %i)',
    (seed) => {
      const cluster = testCluster([
        testNode('node1', { allocatable: { memory: '3G' } }),
        testNode('node2', { allocatable: { memory: '2500M' } }),
      ]);
      const pod = testPod('gang', { spec: { containers } });
      expect(placeIn(cluster, pod, builtinSchedulerPlugins, seed)).toEqual({ type: 'placed', node: 'node1' });
    },
  );

  test('when the large node is taken the Pod waits rather than being split', () => {
    const other = testPod('other', { spec: { containers: [testContainer({ memory: '500M' })] } });
    const cluster = testCluster(
      [testNode('node1', { allocatable: { memory: '3G' } }), testNode('node2', { allocatable: { memory: '2500M' } })],
      [[other, 'node1']],
    );
    expect(outcome(cluster, testPod('gang', { spec: { containers } }))).toBe(
      '0/2 nodes are available: 2 Insufficient memory.',
    );
  });
});

describe('a node is refused, in the words of kube-scheduler', () => {
  const one = (
    node: ReturnType<typeof testNode>,
    pod: ReturnType<typeof testPod>,
    on: ReturnType<typeof testPod>[] = [],
  ) =>
    outcome(
      testCluster(
        [node],
        on.map((other) => [other, node.metadata.name] as const),
      ),
      pod,
    );
  const port = (hostIP?: string) => ({
    spec: {
      containers: [{ name: 'web', ports: [{ containerPort: 80, hostPort: 80, ...(hostIP ? { hostIP } : {}) }] }],
    },
  });
  const rows: readonly [rule: string, actual: () => string, reason: string][] = [
    [
      'cordoned',
      () => one(testNode('n', { spec: { unschedulable: true } }), testPod('p')),
      '1 node(s) were unschedulable',
    ],
    [
      'an untolerated taint, with its value',
      () => one(testNode('n', { spec: { taints: [taint('gpu', 'yes')] } }), testPod('p')),
      '1 node(s) had untolerated taint {gpu: yes}',
    ],
    [
      'an untolerated taint without a value leaves the space',
      () => one(testNode('n', { spec: { taints: [taint('node-role.kubernetes.io/control-plane')] } }), testPod('p')),
      '1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }',
    ],
    [
      'another node is named',
      () => one(testNode('n'), testPod('p', { spec: { nodeName: 'other' } })),
      "1 node(s) didn't match the requested node name",
    ],
    [
      'nodeSelector does not match',
      () => one(testNode('n'), testPod('p', { spec: { nodeSelector: { disk: 'ssd' } } })),
      "1 node(s) didn't match Pod's node affinity/selector",
    ],
    [
      'a host port is taken',
      () => one(testNode('n'), testPod('p', port()), [testPod('q', port('10.0.0.1'))]),
      "1 node(s) didn't have free ports for the requested pod ports",
    ],
    [
      'too many Pods',
      () => one(testNode('n', { allocatable: { pods: '1' } }), testPod('p'), [testPod('q')]),
      '1 Too many pods',
    ],
    [
      'several resources count each',
      () => one(testNode('n'), testPod('p', { spec: { containers: [testContainer({ cpu: '9', memory: '9Gi' })] } })),
      '1 Insufficient cpu, 1 Insufficient memory',
    ],
    [
      'a resource that the node does not have',
      () => one(testNode('n'), testPod('p', { spec: { containers: [testContainer({ 'example.com/gpu': '1' })] } })),
      '1 Insufficient example.com/gpu',
    ],
  ];
  test.each(rows)('%s', (_, actual, reason) => {
    expect(actual()).toBe(`0/1 nodes are available: ${reason}.`);
  });

  test('the same host port on another address is free', () => {
    expect(one(testNode('n'), testPod('p', port('10.0.0.2')), [testPod('q', port('10.0.0.1'))])).toBe('n');
  });

  test('zero requests never fail', () => {
    const pod = testPod('p', { spec: { containers: [testContainer({ 'example.com/gpu': '0' })] } });
    expect(one(testNode('n'), pod)).toBe('n');
  });

  test('the first failing rule decides; reasons are counted over nodes and sorted as texts', () => {
    const cluster = testCluster([
      testNode('a', { spec: { taints: [taint('node-role.kubernetes.io/control-plane')] } }),
      testNode('b', { spec: { taints: [taint('node-role.kubernetes.io/control-plane')] } }),
      testNode('c', { allocatable: { memory: '1Gi' } }),
    ]);
    const pod = testPod('p', { spec: { containers: [testContainer({ memory: '2Gi' })] } });
    expect(outcome(cluster, pod)).toBe(
      '0/3 nodes are available: 1 Insufficient memory, 2 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }.',
    );
  });
});

describe('the best node is chosen', () => {
  test('the emptier node', () => {
    const busy = testPod('busy', { spec: { containers: [testContainer({ cpu: '2', memory: '4Gi' })] } });
    expect(outcome(testCluster([testNode('a'), testNode('b')], [[busy, 'a']]), testPod('p'))).toBe('b');
  });

  test('a preferred node over an emptier one', () => {
    const busy = testPod('busy', { spec: { containers: [testContainer({ cpu: '1', memory: '1Gi' })] } });
    const preference = { matchExpressions: [{ key: 'disk', operator: 'In' as const, values: ['ssd'] }] };
    const pod = testPod('p', {
      spec: {
        affinity: {
          nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference }] },
        },
      },
    });
    const nodes = [testNode('a', { metadata: { labels: { disk: 'ssd' } } }), testNode('b')];
    expect(outcome(testCluster(nodes, [[busy, 'a']]), pod)).toBe('a');
  });

  test('a node without PreferNoSchedule taints', () => {
    const soft = { key: 'soft', effect: 'PreferNoSchedule' as const };
    const nodes = [testNode('a', { spec: { taints: [soft] } }), testNode('b')];
    expect(outcome(testCluster(nodes), testPod('p'))).toBe('b');
  });

  test('a node that has the image', () => {
    const images = [{ names: ['docker.io/library/big:1'], sizeBytes: 900 * 1024 * 1024 }];
    const nodes = [testNode('a'), testNode('b', { status: { images } })];
    const pod = testPod('p', { spec: { containers: [{ name: 'main', image: 'docker.io/library/big:1' }] } });
    expect(outcome(testCluster(nodes), pod)).toBe('b');
  });

  test('a node away from its siblings, without being asked', () => {
    const labels = { app: 'web' };
    const sibling = testPod('s', { metadata: { labels } });
    const big = { cpu: '64', memory: '512Gi' };
    const cluster = testCluster(
      [testNode('a', { allocatable: big }), testNode('b', { allocatable: big })],
      [[sibling, 'a']],
      labelsMatcher(labels),
    );
    expect(outcome(cluster, testPod('p', { metadata: { labels } }))).toBe('b');
  });

  test('chance decides between equals, and the seed decides chance', () => {
    const chosen = (seed: number) => {
      const placement = placeIn(
        testCluster([testNode('a'), testNode('b')]),
        testPod('p'),
        builtinSchedulerPlugins,
        seed,
      );
      return placement.type === 'placed' ? placement.node : '';
    };
    const seeds = Array.from({ length: 20 }, (_, seed) => seed);
    expect(new Set(seeds.map(chosen))).toEqual(new Set(['a', 'b']));
    expect(seeds.map(chosen)).toEqual(seeds.map(chosen));
  });
});

describe('a plugin', () => {
  test('can keep nodes out and weigh in on the rest', () => {
    const cheap: SchedulerPlugin = {
      name: 'Cheap',
      weight: 100,
      filter: () => (node) =>
        node.name === 'a' ? { reasons: ['node(s) cost too much'], unresolvable: true } : undefined,
      score: (_, __, nodes) => nodes.map((node) => (node.name === 'c' ? 100 : 0)),
    };
    const plugins = [...builtinSchedulerPlugins, cheap];
    const nodes = ['a', 'b', 'c'].map((name) => testNode(name));
    expect(outcome(testCluster(nodes), testPod('p'), plugins)).toBe('c');
    expect(outcome(testCluster([testNode('a')]), testPod('p'), plugins)).toBe(
      '0/1 nodes are available: 1 node(s) cost too much.',
    );
  });
});

describe('how many nodes are looked for', () => {
  test.each([
    [99, 0, 99],
    [100, 0, 100],
    [1000, 0, 420],
    [6000, 0, 300],
    [6000, 100, 6000],
    [1000, 5, 100],
  ])('of %i nodes at %i percent: %i', (nodes, percentage, wanted) => {
    expect(nodesToFind(nodes, percentage)).toBe(wanted);
  });
});
