import type { Pod, StatefulSet, Stored } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import { revisionHashLabel } from '../controller-history/revisions.ts';
import { isAvailable, isReady, isTerminal } from '../workload/pod-state.ts';
import { firstOrdinal, isWanted, ordinalOf } from './identity.ts';

/** One thing that a StatefulSet does to one of its Pods. */
export type Action =
  | { readonly type: 'create'; readonly ordinal: number }
  | { readonly type: 'delete'; readonly pod: Stored<Pod> }
  /** Makes claims that the Pod waits for. */
  | { readonly type: 'claim'; readonly pod: Stored<Pod>; readonly ordinal: number }
  /** Sees to labels and to the owners of claims, where they are not as they should be. */
  | { readonly type: 'keep'; readonly pod: Stored<Pod>; readonly ordinal: number };

/**
 * What to do next (Kubernetes "Deployment and Scaling Guarantees"): in order, one Pod after another, or with the policy Parallel
 * for all at once. `updateRevision` names the revision of the present template.
 */
export function nextActions(
  set: StatefulSet,
  pods: readonly Stored<Pod>[],
  updateRevision: string,
  now: Milliseconds,
): readonly Action[] {
  const inOrder = set.spec.podManagementPolicy !== 'Parallel';
  const found = arrange(set, pods);
  const available = (pod: Stored<Pod> | undefined) =>
    pod !== undefined && isAvailable(pod, set.spec.minReadySeconds ?? 0, now) && !isDeleting(pod);

  const actions: Action[] = [];
  for (const [index, pod] of found.replicas.entries()) {
    const ordinal = firstOrdinal(set) + index;
    const next = replicaActions(pod, ordinal);
    actions.push(...next);
    const isDone = available(pod) && pod?.status?.phase === 'Running';
    if (inOrder && (pod === undefined || isTerminal(pod) || !isDone)) return withoutKeep(actions, ordinal, isDone);
  }

  const excess = found.excess.map(([pod]) => pod);
  actions.push(...found.excess.map(([pod, ordinal]) => ({ type: 'keep' as const, pod, ordinal })));
  const unavailable = found.replicas.every(available) ? excess.findLast((pod) => !available(pod)) : undefined;
  if (!inOrder)
    actions.push(...excess.filter((pod) => !isDeleting(pod)).map((pod) => ({ type: 'delete' as const, pod })));
  else {
    const [highest] = excess;
    if (highest !== undefined) {
      const mayGo = !isDeleting(highest) && (available(highest) || highest === unavailable);
      return mayGo ? [...actions, { type: 'delete', pod: highest }] : actions;
    }
  }
  const old = outdated(set, found.replicas, updateRevision, available);
  return old === undefined ? actions : [...actions, { type: 'delete', pod: old }];
}

/** The Pods by their place, `undefined` where one is missing, and those beyond the replicas from the highest ordinal down. */
function arrange(set: StatefulSet, pods: readonly Stored<Pod>[]) {
  const replicas: (Stored<Pod> | undefined)[] = Array(set.spec.replicas ?? 1).fill(undefined);
  const excess: (readonly [pod: Stored<Pod>, ordinal: number])[] = [];
  for (const pod of pods) {
    const ordinal = ordinalOf(set, pod);
    if (ordinal === undefined) continue;
    if (isWanted(set, ordinal)) replicas[ordinal - firstOrdinal(set)] = pod;
    else excess.push([pod, ordinal]);
  }
  return { replicas, excess: excess.sort(([, a], [, b]) => b - a) };
}

function replicaActions(pod: Stored<Pod> | undefined, ordinal: number): readonly Action[] {
  if (pod === undefined) return [{ type: 'create', ordinal }];
  if (isTerminal(pod)) return isDeleting(pod) ? [] : [{ type: 'delete', pod }];
  const pending: Action[] = pod.status?.phase === 'Pending' ? [{ type: 'claim', pod, ordinal }] : [];
  return [...pending, { type: 'keep', pod, ordinal }];
}

/** A Pod that is waited for is not seen to yet. */
function withoutKeep(actions: readonly Action[], ordinal: number, isDone: boolean): readonly Action[] {
  return isDone ? actions : actions.filter((one) => one.type !== 'keep' || one.ordinal !== ordinal);
}

/** The Pod that a rolling update replaces next: the highest of another revision, down to the partition, if all above are available. */
function outdated(
  { spec: { updateStrategy } }: StatefulSet,
  replicas: readonly (Stored<Pod> | undefined)[],
  updateRevision: string,
  available: (pod: Stored<Pod> | undefined) => boolean,
): Stored<Pod> | undefined {
  if (updateStrategy?.type === 'OnDelete') return undefined;
  const partition = updateStrategy?.rollingUpdate?.partition ?? 0;
  for (let index = replicas.length - 1; index >= partition; index--) {
    const pod = replicas[index];
    if (pod === undefined) return undefined;
    if (pod.metadata.labels?.[revisionHashLabel] !== updateRevision && !isDeleting(pod))
      return isTerminal(pod) ? undefined : pod;
    if (!available(pod)) return undefined;
  }
  return undefined;
}

/** Whether a Pod of this ordinal is made of the revision that an update has not replaced yet. */
export function isBeforePartition({ spec, status }: StatefulSet, ordinal: number): boolean {
  if (spec.updateStrategy?.type === 'OnDelete') return false;
  const { rollingUpdate } = spec.updateStrategy ?? {};
  const count = rollingUpdate === undefined ? (status?.currentReplicas ?? 0) : (rollingUpdate.partition ?? 0);
  return ordinal < (spec.ordinals?.start ?? 0) + count;
}

/** Milliseconds until a ready Pod will have been so for long enough; undefined when none is on its way. */
export function untilAvailable(
  { spec }: StatefulSet,
  pods: readonly Stored<Pod>[],
  now: Milliseconds,
): Milliseconds | undefined {
  const seconds = spec.minReadySeconds ?? 0;
  return pods.some((pod) => isReady(pod) && !isAvailable(pod, seconds, now)) ? seconds * 1000 : undefined;
}

function isDeleting({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined;
}
