import type { Job, Pod, Stored } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import { finishTime } from './back-off.ts';
import { ignoredIndexFailures, indexFailures, isIndexed, validIndex } from './completion-index.ts';
import { formerVerdict, type Verdict } from './conditions.ts';
import { failureVerdict, isCounted } from './failure-policy.ts';
import { type Intervals, includesIndex, intervalsOf, merged, parseIntervals, total } from './intervals.ts';
import type { JobPods } from './job-pods.ts';
import { metSuccessPolicy } from './success-policy.ts';

type Pods = readonly Stored<Pod>[];

/** How a Job stands, with the Pods that have ended since it last counted them. */
export interface Assessment {
  /** How the Job ends, if it is not to go on. */
  readonly verdict?: Verdict;
  /** Pods that succeeded, in all. */
  readonly succeeded: number;
  /** Pods that have succeeded and are not counted yet. */
  readonly newSucceeded: Pods;
  /** Pods that have failed and are not counted yet, even those that will not count. */
  readonly newFailed: Pods;
  readonly indexes?: JobIndexes;
}

/** The indexes of an Indexed Job. */
export interface JobIndexes {
  /** Those that the status says have succeeded. */
  readonly counted: Intervals;
  readonly succeeded: Intervals;
  /** Undefined if indexes have no back-off limits of their own. */
  readonly failed?: Intervals;
  /**
   * By index, the failed Pod that is kept until its successor is there, which carries its count of failures on; only with back-off
   * limits of indexes.
   */
  readonly awaiting: ReadonlyMap<number, Stored<Pod>>;
}

/** Whether a Pod counts as failed: also when it is being deleted, unless only Pods that have failed are replaced. */
export function isPodFailed({ spec }: Pick<Job, 'spec'>, { metadata, status }: Pod): boolean {
  if (status?.phase === 'Failed') return true;
  if (onlyReplacesFailed({ spec })) return false;
  return metadata.deletionTimestamp !== undefined && status?.phase !== 'Succeeded';
}

/** Whether a Pod that is being deleted is replaced only once it has ended (`podReplacementPolicy: Failed`). */
export function onlyReplacesFailed({ spec }: Pick<Job, 'spec'>): boolean {
  return spec.podReplacementPolicy === 'Failed' || spec.podFailurePolicy !== undefined;
}

/** Decides how a Job stands, in Kubernetes' order: what was decided before, failures, success. `startTime` is when it started. */
export function assess(job: Job, pods: JobPods, startTime: Milliseconds | undefined, now: Milliseconds): Assessment {
  const { succeeded = 0, failed = 0, uncountedTerminatedPods: uncounted = {} } = job.status ?? {};
  const valid = [...pods.ended.values()].filter((pod) => !isIndexed(job) || validIndex(job, pod) !== undefined);
  const isNew = ({ metadata }: Stored<Pod>, known: readonly string[] = []) => !known.includes(metadata.uid);
  const newSucceeded = valid.filter((pod) => pod.status?.phase === 'Succeeded' && isNew(pod, uncounted.succeeded));
  const newFailed = valid.filter((pod) => isPodFailed(job, pod) && isNew(pod, uncounted.failed));
  const failures = failed + newFailed.filter((pod) => isCounted(job, pod)).length + (uncounted.failed?.length ?? 0);
  const indexes = isIndexed(job) ? assessIndexes(job, pods, valid) : undefined;
  const verdict =
    formerVerdict(job) ??
    failedByPolicy(job, valid) ??
    failedByLimit(job, pods, failures, startTime, now) ??
    (indexes === undefined ? undefined : verdictOfIndexes(job, indexes));
  return {
    ...(verdict === undefined ? {} : { verdict }),
    succeeded:
      indexes === undefined
        ? succeeded + newSucceeded.length + (uncounted.succeeded?.length ?? 0)
        : total(indexes.succeeded),
    newSucceeded,
    newFailed,
    ...(indexes === undefined ? {} : { indexes }),
  };
}

/** Milliseconds until the Job will have been active for too long; undefined if it may be active for ever, or is suspended. */
export function untilDeadline(
  { spec }: Job,
  startTime: Milliseconds | undefined,
  now: Milliseconds,
): Milliseconds | undefined {
  if (spec.activeDeadlineSeconds === undefined || startTime === undefined || spec.suspend === true) return undefined;
  return startTime + spec.activeDeadlineSeconds * 1000 - now;
}

function failedByPolicy(job: Job, pods: Pods): Verdict | undefined {
  if (job.spec.podFailurePolicy === undefined) return undefined;
  for (const pod of pods) {
    const message = isPodFailed(job, pod) ? failureVerdict(job, pod).message : undefined;
    if (message !== undefined) return { type: 'Failed', reason: 'PodFailurePolicy', message };
  }
  return undefined;
}

function failedByLimit(
  job: Job,
  { restarts }: JobPods,
  failures: number,
  startTime: Milliseconds | undefined,
  now: Milliseconds,
): Verdict | undefined {
  const { backoffLimit = 6, template } = job.spec;
  const restartsTooOften =
    template.spec?.restartPolicy === 'OnFailure' && (backoffLimit === 0 ? restarts > 0 : restarts >= backoffLimit);
  if (failures > backoffLimit || restartsTooOften) {
    return {
      type: 'Failed',
      reason: 'BackoffLimitExceeded',
      message: 'Job has reached the specified backoff limit',
    };
  }
  const left = untilDeadline(job, startTime, now);
  if (left === undefined || left > 0) return undefined;
  return { type: 'Failed', reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' };
}

function verdictOfIndexes({ spec }: Job, { failed, succeeded }: JobIndexes): Verdict | undefined {
  const [failures, completions] = [total(failed ?? []), spec.completions ?? 0];
  if (failed !== undefined && spec.maxFailedIndexes !== undefined && failures > spec.maxFailedIndexes) {
    const message = 'Job has exceeded the specified maximal number of failed indexes';
    return { type: 'Failed', reason: 'MaxFailedIndexesExceeded', message };
  }
  if (failures > 0 && failures + total(succeeded) >= completions) {
    return { type: 'Failed', reason: 'FailedIndexes', message: 'Job has failed indexes' };
  }
  const message = metSuccessPolicy({ spec }, succeeded);
  return message === undefined ? undefined : { type: 'Complete', reason: 'SuccessPolicy', message };
}

function assessIndexes(job: Job, pods: JobPods, ended: Pods): JobIndexes {
  const { completions = 0, backoffLimitPerIndex } = job.spec;
  const counted = parseIntervals(job.status?.completedIndexes ?? '', completions);
  const succeeded = merged(
    counted,
    indexesOf(
      job,
      ended.filter(({ status }) => status?.phase === 'Succeeded'),
    ),
  );
  if (backoffLimitPerIndex === undefined) return { counted, succeeded, awaiting: new Map() };
  const before = parseIntervals(job.status?.failedIndexes ?? '', completions);
  const failed = merged(
    before,
    indexesOf(
      job,
      ended.filter((pod) => isIndexFailed(job, pod)),
    ),
  );
  const awaiting = new Map<number, Stored<Pod>>();
  for (const pod of ended) {
    const index = validIndex(job, pod);
    if (index === undefined || !isPodFailed(job, pod) || pods.activeIndexes.has(index)) continue;
    if (includesIndex(succeeded, index) || includesIndex(failed, index)) continue;
    const other = awaiting.get(index);
    if (other === undefined || isLater(pod, other)) awaiting.set(index, pod);
  }
  return { counted, succeeded, failed, awaiting };
}

function indexesOf(job: Job, pods: Pods): Intervals {
  return intervalsOf(pods.flatMap((pod) => validIndex(job, pod) ?? []));
}

function isIndexFailed(job: Job, pod: Stored<Pod>): boolean {
  if (!isPodFailed(job, pod)) return false;
  const { action } = failureVerdict(job, pod);
  if (action === 'FailIndex') return true;
  return action !== 'Ignore' && indexFailures(pod) >= (job.spec.backoffLimitPerIndex ?? 0);
}

/** Whether a Pod is a later try of its index than another one. */
function isLater(pod: Stored<Pod>, other: Stored<Pod>): boolean {
  const failures = (one: Stored<Pod>) => indexFailures(one) + ignoredIndexFailures(one);
  return failures(pod) >= failures(other) && finishTime(pod) >= finishTime(other);
}
