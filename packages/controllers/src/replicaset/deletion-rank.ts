import type { Pod, Stored } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import { readySince } from '../workload/pod-state.ts';

/** Annotation that makes a Pod cheaper (lower) or dearer (higher) to delete: an int32, 0 when absent or invalid. */
export const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';

/**
 * The `count` Pods to delete when a ReplicaSet has too many, by Kubernetes' ranking ("ReplicaSet", "Scaling a ReplicaSet").
 * `related` counts, per node, the active Pods of all ReplicaSets with the same owner.
 */
export function podsToDelete(
  pods: readonly Stored<Pod>[],
  count: number,
  related: ReadonlyMap<string, number>,
  now: Milliseconds,
): readonly Stored<Pod>[] {
  if (count >= pods.length) return pods;
  return [...pods].sort((a, b) => compare(a, b, related, now)).slice(0, count);
}

const phaseRank: { readonly [phase: string]: number } = { Pending: 0, Unknown: 1, Running: 2 };

function compare(a: Stored<Pod>, b: Stored<Pod>, related: ReadonlyMap<string, number>, now: Milliseconds): number {
  const unassigned = Number((a.spec.nodeName ?? '') !== '') - Number((b.spec.nodeName ?? '') !== '');
  if (unassigned !== 0) return unassigned;
  const phase = (phaseRank[a.status?.phase ?? 'Pending'] ?? 0) - (phaseRank[b.status?.phase ?? 'Pending'] ?? 0);
  if (phase !== 0) return phase;
  const aReady = readySince(a);
  const bReady = readySince(b);
  const ready = Number(aReady !== undefined) - Number(bReady !== undefined);
  if (ready !== 0) return ready;
  const cost = deletionCost(a) - deletionCost(b);
  if (cost !== 0) return cost;
  const crowd = (related.get(b.spec.nodeName ?? '') ?? 0) - (related.get(a.spec.nodeName ?? '') ?? 0);
  if (crowd !== 0) return crowd;
  if (aReady !== undefined && bReady !== undefined && aReady !== bReady) {
    const bucket = ageBucket(aReady, now) - ageBucket(bReady, now);
    return bucket !== 0 ? bucket : compareText(a.metadata.uid, b.metadata.uid);
  }
  const [aRegular, aSidecars] = restarts(a);
  const [bRegular, bSidecars] = restarts(b);
  if (aRegular !== bRegular) return bRegular - aRegular;
  if (aSidecars !== bSidecars) return bSidecars - aSidecars;
  if (a.metadata.creationTimestamp !== b.metadata.creationTimestamp) {
    const bucket =
      ageBucket(Date.parse(a.metadata.creationTimestamp), now) -
      ageBucket(Date.parse(b.metadata.creationTimestamp), now);
    if (bucket !== 0) return bucket;
  }
  return compareText(a.metadata.uid, b.metadata.uid);
}

/** Logarithmic age: Pods of about the same age are not told apart, so that scaling down does not always hit the youngest. */
function ageBucket(since: Milliseconds, now: Milliseconds): number {
  const nanoseconds = (now - since) * 1e6;
  return nanoseconds <= 0 ? -1 : Math.floor(Math.log2(nanoseconds));
}

function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[deletionCostAnnotation];
  if (text === undefined || !/^(0|-?[1-9]\d*)$/.test(text)) return 0;
  const value = Number(text);
  return value >= -(2 ** 31) && value < 2 ** 31 ? value : 0;
}

function restarts(pod: Pod): readonly [regular: number, sidecars: number] {
  let regular = 0;
  let sidecars = 0;
  for (const status of pod.status?.containerStatuses ?? []) regular = Math.max(regular, status.restartCount);
  for (const container of pod.spec.initContainers ?? []) {
    if (container.restartPolicy !== 'Always') continue;
    const status = pod.status?.initContainerStatuses?.find((candidate) => candidate.name === container.name);
    sidecars = Math.max(sidecars, status?.restartCount ?? 0);
  }
  return [regular, sidecars];
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
