import { type PodDisruptionBudget, type Stored, timestamp } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { budgetStatus, dependsOnScale, disrupted, expectation, failedStatus } from './budget-status.ts';

const now = Date.parse('2026-01-01T00:10:00Z');

function budget(
  spec: PodDisruptionBudget['spec'],
  status?: PodDisruptionBudget['status'],
): Stored<PodDisruptionBudget> {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: {
      name: 'web',
      namespace: 'default',
      uid: 'u',
      resourceVersion: '1',
      creationTimestamp: timestamp(0),
      generation: 2,
    },
    spec,
    ...(status === undefined ? {} : { status }),
  };
}

describe('what a budget asks for', () => {
  test.each([
    ['a number that is to be available, of the Pods that there are', { minAvailable: 2 }, 3, 0, [3, 2], false],
    ['a number beyond the Pods', { minAvailable: 9 }, 3, 0, [3, 9], false],
    ['a part of the scale, rounded up', { minAvailable: '50%' }, 4, 7, [7, 4], true],
    ['all of the scale', { minAvailable: '100%' }, 4, 7, [7, 7], true],
    ['a number that may be missing', { maxUnavailable: 1 }, 4, 7, [7, 6], true],
    ['more that may be missing than there are', { maxUnavailable: 9 }, 4, 7, [7, 0], true],
    ['a part that may be missing, rounded up', { maxUnavailable: '30%' }, 4, 7, [7, 4], true],
    ['nothing', {}, 4, 7, [0, 0], false],
  ])('%s', (_what, spec, pods, scale, [expectedPods, desiredHealthy], scaled) => {
    expect(expectation(budget(spec), pods, scale)).toEqual({ expectedPods, desiredHealthy });
    expect(dependsOnScale(budget(spec))).toBe(scaled);
  });
});

describe('Pods that are recorded as being evicted', () => {
  const at = (secondsAgo: number) => timestamp(now - secondsAgo * 1000);
  const recorded = { young: at(30), old: at(100), due: at(120), overdue: at(121), unready: at(10), gone: at(1) };
  const states = new Map([
    ['young', { healthy: true }],
    ['old', { healthy: true }],
    ['due', { healthy: true }],
    ['overdue', { healthy: true }],
    ['unready', { healthy: false }],
  ]);

  test('count for two minutes, unless they are gone', () => {
    expect(disrupted(recorded, (name) => states.get(name), now)).toEqual({
      pods: { young: at(30), old: at(100), due: at(120), unready: at(10) },
      healthy: 2,
      notDeleted: ['overdue'],
      recheck: 0,
    });
  });

  test('are none in most budgets', () => {
    expect(disrupted(undefined, () => ({ healthy: true }), now)).toEqual({ pods: {}, healthy: 0, notDeleted: [] });
  });
});

describe("a budget's status", () => {
  const condition = (status: 'True' | 'False', reason: string, message = '', observedGeneration = 2) => ({
    type: 'DisruptionAllowed',
    status,
    reason,
    message,
    observedGeneration,
    lastTransitionTime: timestamp(now),
  });

  test.each([
    ['healthy Pods to spare', { expectedPods: 5, desiredHealthy: 3 }, 5, 2, 'True', 'SufficientPods'],
    ['none to spare', { expectedPods: 5, desiredHealthy: 5 }, 5, 0, 'False', 'InsufficientPods'],
    ['too few', { expectedPods: 5, desiredHealthy: 5 }, 3, 0, 'False', 'InsufficientPods'],
    ['no Pods expected', { expectedPods: 0, desiredHealthy: 0 }, 2, 0, 'False', 'InsufficientPods'],
  ] as const)('with %s', (_what, expected, healthy, disruptionsAllowed, status, reason) => {
    expect(budgetStatus(budget({}), expected, healthy, {}, now)).toEqual({
      observedGeneration: 2,
      disruptionsAllowed,
      currentHealthy: healthy,
      ...expected,
      conditions: [condition(status, reason)],
    });
  });

  test('is the stored one where nothing changes', () => {
    const expected = { expectedPods: 5, desiredHealthy: 3 };
    const pods = { a: timestamp(now) };
    const status = budgetStatus(budget({}), expected, 5, pods, now);
    expect(status.disruptedPods).toEqual(pods);
    expect(budgetStatus(budget({}, status), expected, 5, pods, now + 1000)).toBe(status);
    expect(budgetStatus(budget({}, status), expected, 5, {}, now + 1000)).not.toBe(status);
  });

  test('allows nothing where it could not be counted', () => {
    const before = budgetStatus(budget({}), { expectedPods: 5, desiredHealthy: 3 }, 5, {}, now);
    expect(failedStatus(budget({}, before), 'no luck', now)).toEqual({
      ...before,
      disruptionsAllowed: 0,
      conditions: [condition('False', 'SyncFailed', 'no luck')],
    });
    expect(failedStatus(budget({}), 'no luck', now)).toMatchObject({ disruptionsAllowed: 0, expectedPods: 0 });
  });
});
