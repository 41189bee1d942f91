import { describe, expect, test } from 'vitest';
import { type ConditionState, withCondition } from './condition.ts';

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

  test('takes the new time where the status changes, in the same place', () => {
    const other = { ...ready, type: 'Paid', lastTransitionTime: before };
    const list = [{ ...ready, lastTransitionTime: before }, other];
    expect(withCondition(list, { ...ready, status: 'False' }, at)).toEqual([
      { ...ready, status: 'False', lastTransitionTime: '2026-01-02T03:04:05Z' },
      other,
    ]);
  });

  test('gives the same list back where nothing changes', () => {
    const list = [{ ...ready, lastTransitionTime: before }];
    expect(withCondition(list, { ...ready }, at)).toBe(list);
  });
});
