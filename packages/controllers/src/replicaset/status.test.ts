import type { Pod, Stored } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { testPod, testReplicaSet } from '../workload/objects.fixture.ts';
import { PodCounts } from '../workload/pod-counts.ts';
import { replicaSetStatus } from './status.ts';

/** The counts of these Pods. */
function counted(pods: readonly Stored<Pod>[]): PodCounts {
  const counts = new PodCounts();
  for (const pod of pods) counts.add(pod);
  return counts;
}

const now = Date.parse('2026-01-01T00:01:00Z');
const ready = (name: string, since: string, labels: { [key: string]: string } = { app: 'web' }) =>
  testPod(name, {
    metadata: { labels },
    status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: since }] },
  });

describe("a ReplicaSet's status", () => {
  test('counts Pods, labelled, ready and available ones, and leaves zeros out', () => {
    const replicaSet = testReplicaSet('web', { metadata: { generation: 3 }, spec: { minReadySeconds: 30 } });
    const pods = [
      ready('a', '2026-01-01T00:00:00Z'),
      ready('b', '2026-01-01T00:00:45Z', { app: 'other' }),
      testPod('c', { metadata: { labels: { app: 'web' } } }),
    ];
    expect(replicaSetStatus(replicaSet, counted(pods), undefined, now)).toEqual({
      replicas: 3,
      fullyLabeledReplicas: 2,
      readyReplicas: 2,
      availableReplicas: 1,
      observedGeneration: 3,
    });
    expect(replicaSetStatus(replicaSet, counted([]), undefined, now)).toEqual({ replicas: 0, observedGeneration: 3 });
  });

  test('a failure is a condition, kept while it lasts and gone when it is over', () => {
    const failure = { reason: 'FailedCreate', message: 'no' } as const;
    const status = replicaSetStatus(testReplicaSet('web'), counted([]), failure, now);
    expect(status.conditions).toEqual([
      { type: 'ReplicaFailure', status: 'True', ...failure, lastTransitionTime: '2026-01-01T00:01:00Z' },
    ]);
    const failing = testReplicaSet('web', { status });
    expect(replicaSetStatus(failing, counted([]), failure, now + 5000).conditions).toEqual(status.conditions);
    expect(replicaSetStatus(failing, counted([]), undefined, now + 5000).conditions).toBeUndefined();
  });
});
