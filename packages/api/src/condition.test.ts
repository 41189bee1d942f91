import { describe, expect, test } from 'vitest';
import { type ConditionState, conditionAfter, withCondition } from './condition.ts';

const ready: ConditionState = { type: 'Ready', status: 'True', reason: 'Serving', message: '1 of 1 ready' };
const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const before = '2026-01-01T00:00:00Z';

describe('withCondition', () => {
  test('adds a condition with the time, in whole seconds', () => {
    expect(withCondition([], ready, at)).toEqual([{ ...ready, lastTransitionTime: '2026-01-02T03:04:05Z' }]);
  });

  test('keeps the time where only reason or message change', () => {
    const next = { ...ready, message: '2 of 2 ready', observedGeneration: 2 };
    expect(withCondition([{ ...ready, lastTransitionTime: before }], next, at)).toEqual([
      { ...next, lastTransitionTime: before },
    ]);
  });

  test('sets the new time when the status changes, and keeps its position', () => {
    const other = { ...ready, type: 'Paid', lastTransitionTime: before };
    const list = [{ ...ready, lastTransitionTime: before }, other];
    expect(withCondition(list, { ...ready, status: 'False' }, at)).toEqual([
      { ...ready, status: 'False', lastTransitionTime: '2026-01-02T03:04:05Z' },
      other,
    ]);
  });

  test('returns the same list when nothing changes', () => {
    const list = [{ ...ready, lastTransitionTime: before }];
    expect(withCondition(list, { ...ready }, at)).toBe(list);
  });
});

describe('conditionAfter', () => {
  interface ProbedCondition {
    readonly type: string;
    readonly status: string;
    readonly lastProbeTime?: string;
    readonly lastTransitionTime?: string;
  }

  test('has the time of its last transition and what its own type adds', () => {
    const probed: ProbedCondition = {
      type: 'Ready',
      status: 'True',
      lastProbeTime: before,
      lastTransitionTime: before,
    };
    expect(conditionAfter(probed, { type: 'Ready', status: 'True' }, at)).toEqual({
      type: 'Ready',
      status: 'True',
      lastTransitionTime: before,
    });
    expect(conditionAfter(probed, { type: 'Ready', status: 'False', lastProbeTime: before }, at)).toEqual({
      type: 'Ready',
      status: 'False',
      lastProbeTime: before,
      lastTransitionTime: '2026-01-02T03:04:05Z',
    });
  });

  test('is the one before where nothing changes', () => {
    const probed: ProbedCondition = { type: 'Ready', status: 'True', lastTransitionTime: before };
    expect(conditionAfter(probed, { type: 'Ready', status: 'True', lastProbeTime: undefined } as never, at)).toBe(
      probed,
    );
  });

  test('has the present time where there was none, and where the one before had none', () => {
    const state: ProbedCondition = { type: 'Ready', status: 'True' };
    const expected = { ...state, lastTransitionTime: '2026-01-02T03:04:05Z' };
    expect(conditionAfter<ProbedCondition>(undefined, state, at)).toEqual(expected);
    expect(conditionAfter(state, state, at)).toEqual(expected);
  });
});
