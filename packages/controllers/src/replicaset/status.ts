import { type ReplicaSet, type ReplicationController, timestamp } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import type { PodCounts } from '../workload/pod-counts.ts';
import { semanticEqual } from '../workload/semantic-equal.ts';

/** What went wrong while the number of Pods was being corrected. */
export interface ReplicaFailure {
  readonly reason: 'FailedCreate' | 'FailedDelete';
  readonly message: string;
}

type Status = NonNullable<ReplicaSet['status']>;

/** The status of a ReplicaSet or a ReplicationController with Pods of these counts at the time `now`. */
export function replicaSetStatus(
  replicaSet: ReplicaSet | ReplicationController,
  counts: PodCounts,
  failure: ReplicaFailure | undefined,
  now: Milliseconds,
): Status {
  const templateLabels = Object.entries(replicaSet.spec.template?.metadata?.labels ?? {});
  const fullyLabeled = counts.activeWith((labels) => templateLabels.every(([key, value]) => labels[key] === value));
  const { active, ready } = counts;
  const available = counts.available(replicaSet.spec.minReadySeconds ?? 0, now);
  const conditions = conditionsAfter(replicaSet, failure, now);
  return {
    replicas: active,
    ...(fullyLabeled === 0 ? {} : { fullyLabeledReplicas: fullyLabeled }),
    ...(ready === 0 ? {} : { readyReplicas: ready }),
    ...(available === 0 ? {} : { availableReplicas: available }),
    observedGeneration: replicaSet.metadata.generation ?? 0,
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

/** Whether the stored status says the same already. */
export function sameStatus(a: Status | undefined, b: Status): boolean {
  return a !== undefined && semanticEqual(withZeros(a), withZeros(b));
}

function withZeros(status: Status) {
  return {
    ...status,
    fullyLabeledReplicas: status.fullyLabeledReplicas ?? 0,
    readyReplicas: status.readyReplicas ?? 0,
    availableReplicas: status.availableReplicas ?? 0,
  };
}

type Conditions = NonNullable<Status['conditions']>;

function conditionsAfter(
  replicaSet: ReplicaSet | ReplicationController,
  failure: ReplicaFailure | undefined,
  now: Milliseconds,
): Conditions {
  const others: Conditions[number][] = [];
  let current: Conditions[number] | undefined;
  for (const condition of replicaSet.status?.conditions ?? []) {
    if (condition.type === 'ReplicaFailure') current = condition;
    else others.push(condition);
  }
  if (failure === undefined) return others;
  if (current?.status === 'True' && current.reason === failure.reason) return [...others, current];
  return [...others, { type: 'ReplicaFailure', status: 'True', ...failure, lastTransitionTime: timestamp(now) }];
}
