import type { Pod } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';

/** A Pod that has ended for good: phase Succeeded or Failed. */
export function isTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** A Pod that still counts for its controller: neither ended nor being deleted. */
export function isActive(pod: Pod): boolean {
  return !isTerminal(pod) && pod.metadata.deletionTimestamp === undefined;
}

/** Whether the Pod's condition Ready is True. */
export function isReady(pod: Pod): boolean {
  return readyCondition(pod)?.status === 'True';
}

/** When the Pod became ready, in milliseconds since the epoch; undefined while it is not. */
export function readySince(pod: Pod): Milliseconds | undefined {
  const condition = readyCondition(pod);
  if (condition?.status !== 'True') return undefined;
  return condition.lastTransitionTime === undefined ? 0 : Date.parse(condition.lastTransitionTime);
}

/** Ready for at least `minReadySeconds` at the time `now` (Kubernetes "Min Ready Seconds"). */
export function isAvailable(pod: Pod, minReadySeconds: number, now: Milliseconds): boolean {
  const since = readySince(pod);
  return since !== undefined && (minReadySeconds === 0 || since + minReadySeconds * 1000 <= now);
}

function readyCondition(pod: Pod) {
  const conditions = pod.status?.conditions;
  if (conditions === undefined) return undefined;
  for (const condition of conditions) if (condition.type === 'Ready') return condition;
  return undefined;
}
