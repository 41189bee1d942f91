import type { Job, Pod, Stored } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import { type Assessment, onlyReplacesFailed } from './assessment.ts';
import { type BackOff, remainingWait, remainingWaitAfter } from './back-off.ts';
import { completionIndex, isIndexed } from './completion-index.ts';
import { intervalAt } from './intervals.ts';
import type { JobPods } from './job-pods.ts';
import { byDeletion } from './removal-order.ts';

/** At most this many Pods are created or deleted in one go. */
const burst = 500;

/** What to do about the number of a Job's Pods. */
export type PodPlan =
  | { readonly do: 'nothing' }
  | { readonly do: 'delete'; readonly pods: readonly Stored<Pod>[] }
  /** With `indexes`, one Pod for each. */
  | { readonly do: 'create'; readonly count: number; readonly indexes?: readonly number[] }
  /** Pods have failed: wait before the next. */
  | { readonly do: 'wait'; readonly for: Milliseconds };

const nothing: PodPlan = { do: 'nothing' };

/** Decides how many Pods of a Job that goes on are too many or missing (Kubernetes "Parallel execution for Jobs"). */
export function planPods(
  job: Job,
  pods: JobPods,
  assessment: Assessment,
  backOff: BackOff,
  now: Milliseconds,
): PodPlan {
  const active = pods.active.size;
  if (job.spec.suspend === true) return active === 0 ? nothing : { do: 'delete', pods: [...pods.active.values()] };
  const wanted = wantedPods(job, active, assessment.succeeded);
  const surplus = surplusPods(job, pods, Math.max(0, active - wanted));
  if (surplus.length > 0) return { do: 'delete', pods: surplus.slice(0, burst) };
  const missing = Math.min(wanted - active - (onlyReplacesFailed(job) ? pods.terminating : 0), burst);
  if (missing <= 0) return nothing;
  const perIndex = job.spec.backoffLimitPerIndex !== undefined;
  const wait = perIndex ? 0 : remainingWait(backOff, now);
  if (wait > 0) return { do: 'wait', for: wait };
  if (!isIndexed(job)) return { do: 'create', count: missing };
  const indexes = pendingIndexes(job, pods, assessment, missing);
  return perIndex ? planIndexes(indexes, assessment, now) : { do: 'create', count: indexes.length, indexes };
}

function wantedPods({ spec }: Job, active: number, succeeded: number): number {
  const { completions, parallelism = 1 } = spec;
  // Without a number of completions, the first success says that there is no work left: those that run may end.
  if (completions === undefined) return succeeded > 0 ? active : parallelism;
  return Math.max(0, Math.min(parallelism, completions - succeeded));
}

/** Those with a wrong index or another one's, and as many more as it takes. */
function surplusPods(job: Job, pods: JobPods, atLeast: number): readonly Stored<Pod>[] {
  const { completions = 0 } = job.spec;
  const mayBeWrong = isIndexed(job) && pods.activeIndexes.mayHaveWrong(completions);
  if (atLeast === 0 && !mayBeWrong) return [];
  const ordered = [...pods.active.values()].sort(byDeletion);
  const wrong = mayBeWrong ? wrongIndexes(ordered, completions) : new Set<Stored<Pod>>();
  const more = ordered.filter((pod) => !wrong.has(pod)).slice(0, Math.max(0, atLeast - wrong.size));
  return [...wrong, ...more];
}

/** Of Pods in the order in which they go: those whose index is none of the Job's, or that of a Pod that stays. */
function wrongIndexes(ordered: readonly Stored<Pod>[], completions: number): ReadonlySet<Stored<Pod>> {
  const kept = new Set<number>();
  const wrong: Stored<Pod>[] = [];
  for (const pod of ordered.toReversed()) {
    const index = completionIndex(pod);
    if (index === undefined || index >= completions || kept.has(index)) wrong.push(pod);
    else kept.add(index);
  }
  return new Set(wrong.reverse());
}

/** The lowest indexes without a Pod that have neither succeeded nor failed. */
function pendingIndexes(job: Job, pods: JobPods, { indexes }: Assessment, count: number): readonly number[] {
  const { succeeded = [], failed = [] } = indexes ?? {};
  const waitsForEnd = onlyReplacesFailed(job);
  const pending: number[] = [];
  for (let index = 0; index < (job.spec.completions ?? 0) && pending.length < count; index++) {
    const done = intervalAt(succeeded, index) ?? intervalAt(failed, index);
    if (done !== undefined) index = done.last;
    else if (!pods.activeIndexes.has(index) && !(waitsForEnd && pods.terminatingIndexes.has(index)))
      pending.push(index);
  }
  return pending;
}

/** Those of the indexes whose own wait is over; if none is, the shortest of the waits. */
function planIndexes(indexes: readonly number[], assessment: Assessment, now: Milliseconds): PodPlan {
  const waits = indexes.map((index) => {
    const failed = assessment.indexes?.awaiting.get(index);
    return failed === undefined ? 0 : remainingWaitAfter(failed, now);
  });
  const ready = indexes.filter((_, i) => waits[i] === 0);
  if (ready.length > 0) return { do: 'create', count: ready.length, indexes: ready };
  return indexes.length === 0 ? nothing : { do: 'wait', for: Math.min(...waits) };
}
