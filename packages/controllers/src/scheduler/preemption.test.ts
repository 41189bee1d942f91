import type { Pod, PodDisruptionBudget, Stored } from '@orrery/api';
import { createSeededRandom } from '@orrery/core';
import { describe, expect, test } from 'vitest';
import { testContainer, testNode, testPod } from '../workload/objects.fixture.ts';
import { builtinSchedulerPlugins } from './builtin-plugins.ts';
import { placeIn, testCluster } from './cluster.fixture.ts';
import type { ClusterState } from './cluster-state.ts';
import { podInfo } from './pod-info.ts';
import { preempt } from './preemption.ts';

const memory = (amount: string) => [testContainer({ memory: amount })];
function running(name: string, priority: number, amount: string, more: Partial<Stored['metadata']> = {}): Stored<Pod> {
  const status = { phase: 'Running' as const, startTime: more.creationTimestamp ?? '2026-01-01T00:00:00Z' };
  return testPod(name, { metadata: more, spec: { priority, containers: memory(amount) }, status });
}

function tryPreempt(cluster: ClusterState, pod: Stored<Pod>, budgets: Stored<PodDisruptionBudget>[] = []) {
  const placement = placeIn(cluster, pod);
  if (placement.type !== 'unfit') throw new Error('the Pod fits');
  const result = preempt(podInfo(pod), placement.failures, {
    cluster,
    plugins: builtinSchedulerPlugins,
    random: createSeededRandom(1),
    budgets,
    current: ({ pod: other }) => other,
  });
  if (!('candidate' in result)) return result.message;
  return `${result.candidate.node}: ${result.candidate.victims.map(({ pod: { metadata } }) => metadata.name).join(' ')}`;
}

const two = [testNode('a'), testNode('b')];
const urgent = testPod('urgent', { spec: { priority: 100, containers: memory('4Gi') } });

describe('preemption', () => {
  test('takes as few Pods of lower priority as make room, the least important ones', () => {
    const cluster = testCluster(
      [testNode('n')],
      [
        [running('low', 1, '3Gi'), 'n'],
        [running('mid', 5, '3Gi'), 'n'],
        [running('tiny', 0, '1Gi'), 'n'],
      ],
    );
    expect(tryPreempt(cluster, urgent)).toBe('n: low');
  });

  test('leaves the picture of the cluster as it was', () => {
    const cluster = testCluster([testNode('n')], [[running('low', 1, '6Gi'), 'n']]);
    tryPreempt(cluster, urgent);
    expect(cluster.node('n')?.requested.get('memory')).toBe(6 * 1024 ** 3);
    expect(cluster.placeOf('uid-low')).toBe('n');
  });

  test('never takes Pods of the same or a higher priority', () => {
    const cluster = testCluster([testNode('n')], [[running('peer', 100, '6Gi'), 'n']]);
    expect(tryPreempt(cluster, urgent)).toBe(
      'preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    );
  });

  test('does not help where the node itself is wrong', () => {
    const nodes = [
      testNode('n'),
      testNode('m', { spec: { unschedulable: true } }),
      testNode('small', { allocatable: { memory: '1Gi' } }),
    ];
    expect(tryPreempt(testCluster(nodes, [[running('peer', 100, '6Gi'), 'n']]), urgent)).toBe(
      'preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.',
    );
  });

  test('is not for Pods with preemptionPolicy Never', () => {
    const pod = testPod('p', { spec: { priority: 100, preemptionPolicy: 'Never', containers: memory('4Gi') } });
    expect(tryPreempt(testCluster([testNode('n')], [[running('low', 1, '6Gi'), 'n']]), pod)).toBe(
      'preemption: not eligible due to preemptionPolicy=Never.',
    );
  });

  test('leaves the order of Pods as it was', () => {
    const pods = ['x', 'y', 'z'].map((name) => running(name, 1, '2Gi'));
    const cluster = testCluster(
      [testNode('n')],
      pods.map((pod) => [pod, 'n'] as const),
    );
    tryPreempt(cluster, urgent);
    expect([...(cluster.node('n')?.pods.keys() ?? [])]).toEqual(['uid-x', 'uid-y', 'uid-z']);
  });

  test('does not take a node that is promised to a Pod of the same priority', () => {
    const cluster = testCluster(two, [
      [running('x', 1, '6Gi'), 'a'],
      [running('y', 5, '6Gi'), 'b'],
    ]);
    expect(tryPreempt(cluster, urgent)).toBe('a: x');
    const other = testPod('other', { spec: { priority: 100, containers: memory('5Gi') } });
    cluster.nominations.put(podInfo(other), 'a');
    expect(tryPreempt(cluster, urgent)).toBe('b: y');
    cluster.nominations.put(podInfo(urgent), 'b');
    expect(tryPreempt(cluster, urgent)).toBe('b: y');
  });

  test('waits while a victim of an earlier try is still on its way out', () => {
    const victim = testPod('victim', {
      metadata: { deletionTimestamp: '2026-01-01T00:00:30Z' },
      spec: { priority: 1, containers: memory('6Gi') },
      status: { conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }] },
    });
    const pod = testPod('p', {
      spec: { priority: 100, containers: memory('4Gi') },
      status: { nominatedNodeName: 'n' },
    });
    expect(tryPreempt(testCluster([testNode('n')], [[victim, 'n']]), pod)).toBe(
      'preemption: not eligible due to a terminating pod on the nominated node.',
    );
  });

  test('prefers the node whose most important victim is least important', () => {
    const cluster = testCluster(two, [
      [running('x', 5, '6Gi'), 'a'],
      [running('y', 3, '6Gi'), 'b'],
    ]);
    expect(tryPreempt(cluster, urgent)).toBe('b: y');
  });

  test('then the node with fewer victims', () => {
    const cluster = testCluster(two, [
      [running('x1', 3, '3Gi'), 'a'],
      [running('x2', 3, '4Gi'), 'a'],
      [running('y', 3, '6Gi'), 'b'],
    ]);
    const pod = testPod('urgent', { spec: { priority: 100, containers: memory('7Gi') } });
    expect(tryPreempt(cluster, pod)).toBe('b: y');
  });

  test('then the node whose victim has run for less long', () => {
    const cluster = testCluster(two, [
      [running('x', 3, '6Gi', { creationTimestamp: '2026-01-01T00:00:00Z' }), 'a'],
      [running('y', 3, '6Gi', { creationTimestamp: '2026-01-02T00:00:00Z' }), 'b'],
    ]);
    expect(tryPreempt(cluster, urgent)).toBe('b: y');
  });

  test('respects disruption budgets where it can', () => {
    const budget = {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { ...testPod('pdb').metadata },
      spec: { selector: { matchLabels: { app: 'web' } } },
      status: { disruptionsAllowed: 0 },
    } as unknown as Stored<PodDisruptionBudget>;
    const cluster = testCluster(two, [
      [running('x', 1, '6Gi', { labels: { app: 'web' } }), 'a'],
      [running('y', 5, '6Gi'), 'b'],
    ]);
    expect(tryPreempt(cluster, urgent, [budget])).toBe('b: y');
  });
});
