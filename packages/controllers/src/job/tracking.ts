import type { Job, Pod, Stored } from '@orrery/api';
import { type Assessment, isPodFailed } from './assessment.ts';
import { completionIndex, isIndexed, validIndex } from './completion-index.ts';
import type { JobStatus, Verdict } from './conditions.ts';
import { isCounted } from './failure-policy.ts';
import { formatIntervals, includesIndex, intervalsOf, merged, total } from './intervals.ts';

/** Pods named in a status are at most this many, which bounds its size; the others wait for the next turn. */
const maxUncounted = 500;

/** What is to be counted of a Job's Pods. */
export interface Tracking {
  /** The status that names those that are about to be counted. */
  readonly status: JobStatus;
  /** The Pods from which the finalizer is taken once that status is stored. */
  readonly release: readonly Stored<Pod>[];
  /** Whether there are more than fit into one status. */
  readonly isFull: boolean;
}

/**
 * Names the Pods that have ended in the status, before their finalizers are removed: so each is counted once, whatever crashes in
 * between (Kubernetes "Job tracking with finalizers"). `pods` are those with the finalizer that may have ended, and all with it if the
 * Job ends or is being deleted.
 */
export function track(
  job: Job,
  status: JobStatus,
  pods: readonly Stored<Pod>[],
  { indexes }: Assessment,
  verdict: Verdict | undefined,
): Tracking {
  const known = status.uncountedTerminatedPods ?? {};
  const [succeeded, failed] = [[...(known.succeeded ?? [])], [...(known.failed ?? [])]];
  const newIndexes: number[] = [];
  const release: Stored<Pod>[] = [];
  const endsJob = verdict !== undefined || job.metadata.deletionTimestamp !== undefined;
  let isFull = false;
  for (const pod of inOrder(job, pods)) {
    const hasFailed = isPodFailed(job, pod);
    const hasSucceeded = pod.status?.phase === 'Succeeded';
    const index = validIndex(job, pod);
    const isAwaited = index !== undefined && indexes?.awaiting.get(index)?.metadata.uid === pod.metadata.uid;
    if (!endsJob && !hasSucceeded && (!hasFailed || isAwaited)) continue;
    release.push(pod);
    const { uid } = pod.metadata;
    const isValid = !isIndexed(job) || index !== undefined;
    if (hasSucceeded && !failed.includes(uid)) {
      // The index is enough not to count it again.
      if (index !== undefined && isIndexed(job)) {
        if (!includesIndex(indexes?.counted ?? [], index)) newIndexes.push(index);
      } else if (isValid && !succeeded.includes(uid)) succeeded.push(uid);
    } else if (hasFailed || verdict?.type === 'Failed') {
      // When a Job fails, its Pods that have not ended fail with it.
      if (isValid && !failed.includes(uid) && isCounted(job, pod)) failed.push(uid);
    }
    isFull = newIndexes.length + succeeded.length + failed.length >= maxUncounted;
    if (isFull) break;
  }
  const uncountedTerminatedPods = {
    ...(succeeded.length === 0 ? {} : { succeeded }),
    ...(failed.length === 0 ? {} : { failed }),
  };
  return { status: { ...withIndexes(status, indexes, newIndexes), uncountedTerminatedPods }, release, isFull };
}

/** The status in which Pods that it names and that have lost their finalizers are counted, and no longer named. */
export function settled(status: JobStatus, isTracked: (uid: string) => boolean): JobStatus {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const [leftSucceeded, leftFailed] = [succeeded.filter(isTracked), failed.filter(isTracked)];
  if (leftSucceeded.length === succeeded.length && leftFailed.length === failed.length) return status;
  return {
    ...status,
    ...countStatus('succeeded', (status.succeeded ?? 0) + succeeded.length - leftSucceeded.length),
    ...countStatus('failed', (status.failed ?? 0) + failed.length - leftFailed.length),
    uncountedTerminatedPods: {
      ...(leftSucceeded.length === 0 ? {} : { succeeded: leftSucceeded }),
      ...(leftFailed.length === 0 ? {} : { failed: leftFailed }),
    },
  };
}

/** Whether all Pods that the status names are counted. */
export function isSettled({ uncountedTerminatedPods: uncounted }: JobStatus): boolean {
  return (uncounted?.succeeded?.length ?? 0) + (uncounted?.failed?.length ?? 0) === 0;
}

function countStatus(field: 'succeeded' | 'failed', count: number): Partial<JobStatus> {
  return count === 0 ? {} : { [field]: count };
}

function withIndexes(status: JobStatus, indexes: Assessment['indexes'], newIndexes: readonly number[]): JobStatus {
  if (indexes === undefined) return status;
  const { succeeded: _, completedIndexes: __, ...rest } = status;
  const completed = merged(indexes.counted, intervalsOf(newIndexes));
  return {
    ...rest,
    ...(completed.length === 0 ? {} : { succeeded: total(completed), completedIndexes: formatIntervals(completed) }),
    ...(indexes.failed === undefined ? {} : { failedIndexes: formatIntervals(indexes.failed) }),
  };
}

/** By completion index, so that indexes are counted in their order; else by name. */
function inOrder(job: Job, pods: readonly Stored<Pod>[]): readonly Stored<Pod>[] {
  const rank = (pod: Stored<Pod>) => (isIndexed(job) ? (completionIndex(pod) ?? -1) : 0);
  return [...pods].sort((a, b) => rank(a) - rank(b) || (a.metadata.name < b.metadata.name ? -1 : 1));
}
