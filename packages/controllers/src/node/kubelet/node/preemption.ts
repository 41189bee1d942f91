import { type Pod, qosClass } from '@orrery/api';
import type { PodVerdict } from '../pod/pod-status.ts';
import { podRequests, type Refusal } from './node-admission.ts';

/** What becomes of a Pod that makes room for a critical one. */
export const preempted: PodVerdict = {
  reason: 'Preempting',
  message: 'Preempted in order to admit critical pod',
  disruption: {
    status: 'True',
    reason: 'TerminationByKubelet',
    message: 'Pod was preempted by Kubelet to accommodate a critical pod.',
  },
};

/** From this priority on a Pod is critical: that of the class `system-cluster-critical`. */
const criticalPriority = 2_000_000_000;

/** Whether a node makes room for the Pod (Kubernetes "Guaranteed Scheduling For Critical Add-On Pods"). */
export function isCritical(pod: Pod): boolean {
  return (pod.spec.priority ?? 0) >= criticalPriority;
}

const qosOrder = ['BestEffort', 'Burstable', 'Guaranteed'];

/**
 * Which Pods of a node leave so that a critical one fits: of lower priority, those of the lowest quality of service first, and
 * none that need not. Undefined if even all of them would not do. `fits` says whether the Pod fits when those are gone.
 */
export function preemptionVictims(
  pod: Pod,
  others: readonly Pod[],
  fits: (gone: readonly Pod[]) => boolean,
): readonly Pod[] | undefined {
  const candidates = others
    .filter((other) => mayPreempt(pod, other))
    .sort((a, b) => rank(a) - rank(b) || (a.spec.priority ?? 0) - (b.spec.priority ?? 0));
  let victims: readonly Pod[] = [];
  for (const candidate of candidates) {
    if (fits(victims)) break;
    victims = [...victims, candidate];
  }
  if (!fits(victims)) return undefined;
  for (const victim of [...victims].reverse()) {
    const fewer = victims.filter((one) => one !== victim);
    if (fits(fewer)) victims = fewer;
  }
  return victims;
}

/** Why a full node refuses a critical Pod for which no preemption makes enough room. */
export function noRoom(pod: Pod, others: readonly Pod[], found: readonly Refusal[]): Refusal {
  const victims = others.filter((other) => mayPreempt(pod, other)).map(podRequests);
  let unmet = '';
  for (const { shortage } of found) {
    if (shortage === undefined) continue;
    const { resource, missing } = shortage;
    const left = victims.reduce(
      (rest, requests) => rest - (resource === 'pods' ? 1 : (requests.get(resource) ?? 0)),
      missing,
    );
    if (left > 0) unmet += `(res: ${resource}, q: ${left}), `;
  }
  return {
    reason: 'UnexpectedAdmissionError',
    message: `Unexpected error while attempting to recover from admission failure: preemption: error finding a set of pods to preempt: no set of running pods found to reclaim resources: [${unmet}]`,
  };
}

function mayPreempt(pod: Pod, other: Pod): boolean {
  return !isCritical(other) && (other.spec.priority ?? 0) < (pod.spec.priority ?? 0);
}

function rank(pod: Pod): number {
  return qosOrder.indexOf(qosClass(pod));
}
