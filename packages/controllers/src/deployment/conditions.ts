import { type Deployment, type ReplicaSet, timestamp } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import { rolloutBounds } from './rollout.ts';

type Status = NonNullable<Deployment['status']>;
/** One condition of a Deployment's status. */
export type Condition = NonNullable<Status['conditions']>[number];
/** Condition types that the controller writes. */
export type ConditionType = 'Available' | 'Progressing' | 'ReplicaFailure';

/** A new condition as of `now`. */
export function condition(
  type: ConditionType,
  status: 'True' | 'False' | 'Unknown',
  reason: string,
  message: string,
  now: Milliseconds,
): Condition {
  const time = timestamp(now);
  return { type, status, lastUpdateTime: time, lastTransitionTime: time, reason, message };
}

export function findCondition(conditions: readonly Condition[], type: ConditionType): Condition | undefined {
  return conditions.find((candidate) => candidate.type === type);
}

/**
 * With the condition at the end, in place of its type's former one; unchanged when status and reason are the same as before,
 * whatever the message says (Kubernetes' `SetDeploymentCondition`).
 */
export function withDeploymentCondition(conditions: readonly Condition[], next: Condition): readonly Condition[] {
  const current = conditions.find((candidate) => candidate.type === next.type);
  if (current?.status === next.status && current.reason === next.reason) return conditions;
  const kept = current?.status === next.status ? { ...next, lastTransitionTime: current.lastTransitionTime } : next;
  return [...withoutCondition(conditions, next.type as ConditionType), kept];
}

function withoutCondition(conditions: readonly Condition[], type: ConditionType): readonly Condition[] {
  return conditions.filter((candidate) => candidate.type !== type);
}

/** Whether a progress deadline is to be watched at all. */
export function hasProgressDeadline(deployment: Deployment): boolean {
  const seconds = deployment.spec.progressDeadlineSeconds;
  return seconds !== undefined && seconds !== 2 ** 31 - 1;
}

/** All desired Pods are of the new template and available, and nothing else is left (`DeploymentComplete`). */
export function isComplete(deployment: Deployment, status: Status): boolean {
  const desired = deployment.spec.replicas ?? 1;
  return (
    (status.updatedReplicas ?? 0) === desired &&
    (status.replicas ?? 0) === desired &&
    (status.availableReplicas ?? 0) === desired &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** Whether the rollout moved on between the stored status and the new one. */
function isProgressing(deployment: Deployment, next: Status): boolean {
  const before = deployment.status ?? {};
  const old = (status: Status) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (next.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(next) < old(before) ||
    (next.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (next.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

/** Whether the rollout has made no progress for `progressDeadlineSeconds`. */
function isTimedOut(deployment: Deployment, next: Status, now: Milliseconds): boolean {
  const progressing = findCondition(next.conditions ?? [], 'Progressing');
  if (progressing === undefined || progressing.reason === 'NewReplicaSetAvailable') return false;
  if (progressing.reason === 'ProgressDeadlineExceeded') return true;
  const deadline = (deployment.spec.progressDeadlineSeconds ?? 600) * 1000;
  return Date.parse(progressing.lastUpdateTime ?? '') + deadline < now;
}

/** A Deployment's ReplicaSets: the one of its present template, if it is there, and the others. */
export interface Sets {
  readonly newSet: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}

/** The counts of the status, and the condition Available that follows from them. */
export function countedStatus(deployment: Deployment, { newSet, old }: Sets, now: Milliseconds): Status {
  const all = newSet === undefined ? old : [...old, newSet];
  const sum = (value: (rs: ReplicaSet) => number | undefined) => all.reduce((total, rs) => total + (value(rs) ?? 0), 0);
  const available = sum((rs) => rs.status?.availableReplicas);
  const unavailable = Math.max(0, sum((rs) => rs.spec.replicas ?? 1) - available);
  const desired = deployment.spec.replicas ?? 1;
  const enough = available >= desired - rolloutBounds(deployment).maxUnavailable;
  const conditions = withDeploymentCondition(
    deployment.status?.conditions ?? [],
    enough
      ? condition('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.', now)
      : condition(
          'Available',
          'False',
          'MinimumReplicasUnavailable',
          'Deployment does not have minimum availability.',
          now,
        ),
  );
  const collisionCount = deployment.status?.collisionCount;
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    ...count(
      'replicas',
      sum((rs) => rs.status?.replicas),
    ),
    ...count('updatedReplicas', newSet?.status?.replicas ?? 0),
    ...count(
      'readyReplicas',
      sum((rs) => rs.status?.readyReplicas),
    ),
    ...count('availableReplicas', available),
    ...count('unavailableReplicas', unavailable),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: [...conditions],
  };
}

function count(name: string, value: number): { readonly [name: string]: number } {
  return value === 0 ? {} : { [name]: value };
}

/** The status of a rollout in progress: counts, and conditions Available, Progressing and ReplicaFailure. */
export function rolloutStatus(deployment: Deployment, sets: Sets, now: Milliseconds): Status {
  const counted = countedStatus(deployment, sets, now);
  let conditions: readonly Condition[] = counted.conditions ?? [];
  if (hasProgressDeadline(deployment)) conditions = progressConditions(deployment, counted, sets, now);
  else conditions = withoutCondition(conditions, 'Progressing');

  const failure = replicaFailure(sets, now);
  if (failure !== undefined) conditions = withDeploymentCondition(conditions, failure);
  else conditions = withoutCondition(conditions, 'ReplicaFailure');
  return { ...counted, conditions: [...conditions] };
}

function progressConditions(
  deployment: Deployment,
  status: Status,
  { newSet }: Sets,
  now: Milliseconds,
): readonly Condition[] {
  const conditions = status.conditions ?? [];
  const current = findCondition(deployment.status?.conditions ?? [], 'Progressing');
  // A rollout that was complete before and has only one ReplicaSet's worth of Pods is not rolled out again.
  const wasComplete =
    (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === 'NewReplicaSetAvailable';
  if (wasComplete) return conditions;
  const subject =
    newSet === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${newSet.metadata.name}"`;
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`;
    return withDeploymentCondition(
      conditions,
      condition('Progressing', 'True', 'NewReplicaSetAvailable', message, now),
    );
  }
  if (isProgressing(deployment, status)) {
    const next = condition('Progressing', 'True', 'ReplicaSetUpdated', `${subject} is progressing.`, now);
    // Progress refreshes the time of the last update even when nothing else of the condition changes.
    const kept = current?.status === 'True' ? { ...next, lastTransitionTime: current.lastTransitionTime } : next;
    return [...withoutCondition(conditions, 'Progressing'), kept];
  }
  if (isTimedOut(deployment, status, now)) {
    const message = `${subject} has timed out progressing.`;
    return withDeploymentCondition(
      conditions,
      condition('Progressing', 'False', 'ProgressDeadlineExceeded', message, now),
    );
  }
  return conditions;
}

function replicaFailure({ newSet, old }: Sets, now: Milliseconds): Condition | undefined {
  const failures = [];
  for (const rs of newSet === undefined ? old : [newSet, ...old]) {
    const failure = rs.status?.conditions?.find((candidate) => candidate.type === 'ReplicaFailure');
    if (failure !== undefined) failures.push(failure);
  }
  const [first] = failures;
  if (first === undefined) return undefined;
  return {
    type: 'ReplicaFailure',
    status: first.status,
    lastUpdateTime: timestamp(now),
    lastTransitionTime: first.lastTransitionTime ?? timestamp(now),
    reason: first.reason,
    message: first.message,
  } as Condition;
}

/**
 * Milliseconds until the progress deadline can have passed (with a second of slack); undefined when no deadline runs:
 * complete, timed out already, or none set.
 */
export function untilDeadline(deployment: Deployment, status: Status, now: Milliseconds): Milliseconds | undefined {
  if (!hasProgressDeadline(deployment) || deployment.spec.paused === true) return undefined;
  const progressing = findCondition(status.conditions ?? [], 'Progressing');
  if (progressing === undefined || isComplete(deployment, status)) return undefined;
  if (progressing.reason === 'ProgressDeadlineExceeded' || progressing.reason === 'NewReplicaSetAvailable') {
    return undefined;
  }
  const deadline = (deployment.spec.progressDeadlineSeconds ?? 600) * 1000;
  return Math.max(0, Date.parse(progressing.lastUpdateTime ?? '') + deadline - now) + 1000;
}
