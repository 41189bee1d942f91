import type { Deployment } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { type Condition, condition, rolloutStatus, untilDeadline } from './conditions.ts';
import { testDeployment, testSet } from './deployment.fixture.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const second = 1000;

function progressing(reason: string, status: 'True' | 'False' = 'True'): Condition {
  return condition('Progressing', status, reason, '', start);
}

function shown(deployment: ReturnType<typeof testDeployment>, sets: Parameters<typeof rolloutStatus>[1], now = start) {
  const conditions = rolloutStatus(deployment, sets, now).conditions ?? [];
  return conditions.map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`).sort();
}

describe('the conditions of a Deployment', () => {
  test('enough available: True from desired minus maxUnavailable on', () => {
    const deployment = testDeployment();
    const [enough] = shown(deployment, { newSet: testSet('web-x', 10, { available: 8 }), old: [] });
    expect(enough).toBe('Available=True MinimumReplicasAvailable: Deployment has minimum availability.');
    const [tooFew] = shown(deployment, { newSet: testSet('web-x', 10, { available: 7 }), old: [] });
    expect(tooFew).toBe('Available=False MinimumReplicasUnavailable: Deployment does not have minimum availability.');
  });

  const status = (reason: string, counts: Deployment['status'] = {}): Deployment['status'] => ({
    ...counts,
    conditions: [progressing(reason)],
  });
  const rows: readonly [rule: string, status: Deployment['status'], available: number, at: number, expected: string][] =
    [
      [
        'progress',
        status('NewReplicaSetCreated'),
        3,
        10,
        'Progressing=True ReplicaSetUpdated: ReplicaSet "web-x" is progressing.',
      ],
      [
        'complete',
        status('ReplicaSetUpdated'),
        10,
        10,
        'Progressing=True NewReplicaSetAvailable: ReplicaSet "web-x" has successfully progressed.',
      ],
      [
        'no progress within the deadline',
        status('ReplicaSetUpdated', { replicas: 10, updatedReplicas: 10, readyReplicas: 3, availableReplicas: 3 }),
        3,
        601,
        'Progressing=False ProgressDeadlineExceeded: ReplicaSet "web-x" has timed out progressing.',
      ],
      [
        'no progress, but the deadline is still to come',
        status('ReplicaSetUpdated', { replicas: 10, updatedReplicas: 10, readyReplicas: 3, availableReplicas: 3 }),
        3,
        600,
        'Progressing=True ReplicaSetUpdated: ',
      ],
      [
        'a rollout that was done is not timed again when Pods fail',
        status('NewReplicaSetAvailable', {
          replicas: 10,
          updatedReplicas: 10,
          readyReplicas: 10,
          availableReplicas: 10,
        }),
        3,
        6000,
        'Progressing=True NewReplicaSetAvailable: ',
      ],
    ];
  test.each(rows)('%s', (_, before, available, at, expected) => {
    const sets = { newSet: testSet('web-x', 10, { available }), old: [] };
    expect(
      shown(testDeployment({}, before === undefined ? {} : { status: before }), sets, start + at * second)[1],
    ).toBe(expected);
  });

  test('without a deadline there is no Progressing', () => {
    const deployment = testDeployment(
      { progressDeadlineSeconds: 2 ** 31 - 1 },
      { status: { conditions: [progressing('X')] } },
    );
    expect(shown(deployment, { newSet: testSet('web-x', 10), old: [] })).toHaveLength(1);
  });

  test('the failure of a ReplicaSet is copied, and dropped when it is over', () => {
    const failing = testSet('web-x', 0);
    const failure = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'quota' };
    const newSet = { ...failing, status: { ...failing.status, replicas: 0, conditions: [failure] } };
    expect(shown(testDeployment(), { newSet, old: [] })).toContain('ReplicaFailure=True FailedCreate: quota');
    const deployment = testDeployment(
      {},
      { status: { conditions: [condition('ReplicaFailure', 'True', 'FailedCreate', 'quota', start)] } },
    );
    expect(shown(deployment, { newSet: failing, old: [] }).join()).not.toContain('ReplicaFailure');
  });

  test('progress refreshes lastUpdateTime and leaves lastTransitionTime', () => {
    const deployment = testDeployment({}, { status: { conditions: [progressing('ReplicaSetUpdated')] } });
    const next = rolloutStatus(
      deployment,
      { newSet: testSet('web-x', 10, { available: 3 }), old: [] },
      start + 5 * second,
    );
    const found = next.conditions?.find(({ type }) => type === 'Progressing');
    expect(found?.lastUpdateTime).toBe('2026-01-01T00:00:05Z');
    expect(found?.lastTransitionTime).toBe('2026-01-01T00:00:00Z');
  });
});

test('the counts of the status are over all sets, updated ones over the new', () => {
  const { conditions: _, ...counts } = rolloutStatus(
    testDeployment(),
    { newSet: testSet('web-x', 4, { available: 2 }), old: [testSet('web-o', 8, { available: 7 })] },
    start,
  );
  expect(counts).toEqual({
    observedGeneration: 1,
    replicas: 12,
    updatedReplicas: 4,
    readyReplicas: 9,
    availableReplicas: 9,
    unavailableReplicas: 3,
  });
});

test('the deadline is looked at a second after it can have passed, and not when the rollout is done', () => {
  const rolling = { conditions: [progressing('ReplicaSetUpdated')] };
  expect(untilDeadline(testDeployment(), rolling, start + 100 * second)).toBe(501 * second);
  expect(
    untilDeadline(testDeployment(), { conditions: [progressing('NewReplicaSetAvailable')] }, start),
  ).toBeUndefined();
});
