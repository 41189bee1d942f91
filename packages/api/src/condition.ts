import type { Condition } from './custom-schema/schema.ts';
import { timestamp } from './timestamp.ts';

/** What the conditions of all kinds have in common; a Pod's or a Node's have more. */
interface AnyCondition {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string;
}

/** A condition as a controller finds it; when it came to be so is for {@link withCondition} to say. */
export type ConditionState<C extends AnyCondition = Condition> = Omit<C, 'lastTransitionTime'>;

/**
 * The conditions with one more, or with one in place of its type's former one (`meta.SetStatusCondition`). The time of the
 * last transition is `now` (milliseconds since the epoch) only if the status is another one than before. The same list is
 * given back where nothing changes.
 */
export function withCondition<C extends AnyCondition = Condition>(
  conditions: readonly C[],
  state: ConditionState<C>,
  now: number,
): C[] {
  const index = conditions.findIndex(({ type }) => type === state.type);
  const before = conditions[index];
  const next = conditionAfter(before, state, now);
  if (before === undefined) return [...conditions, next];
  return next === before ? (conditions as C[]) : conditions.with(index, next);
}

/**
 * One condition that was as `before` says and is as `state` says at `now` (milliseconds since the epoch): it keeps the time
 * of its last transition while its status is the same. `before` itself is given back where nothing changes.
 */
export function conditionAfter<C extends AnyCondition>(
  before: C | undefined,
  state: ConditionState<C>,
  now: number,
): C {
  const kept = before?.status === state.status ? before.lastTransitionTime : undefined;
  const next = { ...state, lastTransitionTime: kept ?? timestamp(now) } as C;
  return before !== undefined && isSame(before, next) ? before : next;
}

/** Whether two conditions have the same fields; what is undefined counts as absent. */
function isSame<C extends AnyCondition>(a: C, b: C): boolean {
  return !differs(a, b) && !differs(b, a);
}

function differs<C extends AnyCondition>(a: C, b: C): boolean {
  return Object.keys(a).some((name) => a[name as keyof C] !== b[name as keyof C]);
}
