import type { Pod, StatefulSet, Stored } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import { revisionHashLabel } from '../controller-history/revisions.ts';
import { isAvailable, isReady } from '../workload/pod-state.ts';
import { semanticEqual } from '../workload/semantic-equal.ts';

type Status = NonNullable<StatefulSet['status']>;

/** The names of the revisions that a set has Pods of. */
export interface Revisions {
  /** Of the Pods that an update has not reached. */
  readonly current: string;
  /** Of the present template. */
  readonly update: string;
  readonly collisionCount: number | undefined;
}

/** The status of a StatefulSet with these Pods. */
export function statefulSetStatus(
  set: StatefulSet,
  pods: readonly Stored<Pod>[],
  { current, update, collisionCount }: Revisions,
  now: Milliseconds,
): Status {
  const running = pods.filter((pod) => pod.status?.phase === 'Running' && isReady(pod));
  const staying = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const ofRevision = (name: string) =>
    staying.filter(({ metadata }) => metadata.labels?.[revisionHashLabel] === name).length;
  const counts = {
    replicas: pods.length,
    readyReplicas: running.length,
    currentReplicas: ofRevision(current),
    updatedReplicas: ofRevision(update),
    availableReplicas: running.filter((pod) => isAvailable(pod, set.spec.minReadySeconds ?? 0, now)).length,
  };
  const replicas = set.spec.replicas ?? 1;
  const isComplete =
    set.spec.updateStrategy?.type !== 'OnDelete' &&
    counts.updatedReplicas === replicas &&
    counts.readyReplicas === replicas &&
    counts.replicas === replicas;
  const { conditions } = set.status ?? {};
  return {
    ...counts,
    ...(isComplete ? { currentReplicas: counts.updatedReplicas } : {}),
    currentRevision: isComplete ? update : current,
    updateRevision: update,
    collisionCount: collisionCount ?? 0,
    observedGeneration: set.metadata.generation ?? 0,
    ...(conditions === undefined ? {} : { conditions }),
  };
}

/** Whether the stored status says the same already. */
export function sameStatus(a: Status | undefined, b: Status): boolean {
  return a !== undefined && semanticEqual(withZeros(a), withZeros(b));
}

function withZeros(status: Status): Status {
  const zeros = { readyReplicas: 0, currentReplicas: 0, updatedReplicas: 0, availableReplicas: 0, collisionCount: 0 };
  return { ...zeros, ...status };
}
