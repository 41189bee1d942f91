import type { Pod, Stored } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import { ignoredIndexFailures, indexFailures } from './completion-index.ts';

/** How a Job has fared lately: what the wait before its next Pod depends on. */
export interface BackOff {
  /** Pods that failed since the last one that succeeded. */
  readonly failures: number;
  /** When the last of them failed, in milliseconds since the epoch. */
  readonly lastFailure: Milliseconds;
}

/** A Job of which no Pod has failed since the last success. */
export const noBackOff: BackOff = { failures: 0, lastFailure: 0 };

const shortest: Milliseconds = 10_000;
const longest: Milliseconds = 600_000;

/** The back-off after these Pods have succeeded and failed. */
export function nextBackOff(
  before: BackOff,
  succeeded: readonly Stored<Pod>[],
  failed: readonly Stored<Pod>[],
): BackOff {
  if (succeeded.length === 0 && failed.length === 0) return before;
  const lastSuccess = latest(succeeded);
  const failures = failed.map(finishTime).filter((time) => succeeded.length === 0 || time > lastSuccess);
  if (failures.length === 0) return noBackOff;
  const former = succeeded.length === 0 ? before.failures : 0;
  return { failures: former + failures.length, lastFailure: Math.max(...failures) };
}

/** Milliseconds until a Job may create its next Pod: 10 s after the first failure, twice as long after each further one, up to 10 minutes. */
export function remainingWait({ failures, lastFailure }: BackOff, now: Milliseconds): Milliseconds {
  if (failures === 0) return 0;
  const wait = Math.min(longest, shortest * 2 ** (failures - 1));
  return Math.max(0, lastFailure + wait - now);
}

/** {@link remainingWait} for the index of a Pod that failed, if indexes have back-off limits of their own. */
export function remainingWaitAfter(pod: Stored<Pod>, now: Milliseconds): Milliseconds {
  const failures = indexFailures(pod) + ignoredIndexFailures(pod) + 1;
  return remainingWait({ failures, lastFailure: finishTime(pod) }, now);
}

/**
 * When a Pod ended: when the last of its containers did; else, since when it is not ready; else, when its deletion was asked for; else,
 * when it was created. In milliseconds since the epoch.
 */
export function finishTime({ metadata, spec, status }: Stored<Pod>): Milliseconds {
  const sidecars = new Set(
    spec.initContainers?.filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name),
  );
  const containers = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses?.filter(({ name }) => sidecars.has(name)) ?? []),
  ];
  const ends = containers.map(({ state }) => state?.terminated?.finishedAt);
  if (ends.length > 0 && ends.every((end) => end !== undefined)) return Math.max(...ends.map((end) => Date.parse(end)));
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status === 'False' && ready.lastTransitionTime !== undefined) return Date.parse(ready.lastTransitionTime);
  if (metadata.deletionTimestamp !== undefined) {
    return Date.parse(metadata.deletionTimestamp) - (metadata.deletionGracePeriodSeconds ?? 0) * 1000;
  }
  return Date.parse(metadata.creationTimestamp);
}

function latest(pods: readonly Stored<Pod>[]): Milliseconds {
  return Math.max(Number.NEGATIVE_INFINITY, ...pods.map(finishTime));
}
