import type { Condition } from './custom-schema/schema.ts';

/** A condition as a controller finds it; when it came to be so is for {@link withCondition} to say. */
export type ConditionState = Omit<Condition, 'lastTransitionTime'>;

/**
 * The conditions with one more, or with one in place of its type's former one (`meta.SetStatusCondition`). The time of the
 * last transition is `now` (milliseconds since the epoch) only if the status is another one than before. The same list is
 * given back where nothing changes.
 */
export function withCondition(conditions: readonly Condition[], state: ConditionState, now: number): Condition[] {
  const index = conditions.findIndex(({ type }) => type === state.type);
  const before = conditions[index];
  const lastTransitionTime =
    before?.status === state.status ? before.lastTransitionTime : `${new Date(now).toISOString().slice(0, 19)}Z`;
  const next: Condition = { ...state, lastTransitionTime };
  if (before === undefined) return [...conditions, next];
  if (sameCondition(before, next)) return conditions as Condition[];
  return conditions.with(index, next);
}

function sameCondition(a: Condition, b: Condition): boolean {
  return (
    a.status === b.status &&
    a.reason === b.reason &&
    a.message === b.message &&
    a.observedGeneration === b.observedGeneration &&
    a.lastTransitionTime === b.lastTransitionTime
  );
}
