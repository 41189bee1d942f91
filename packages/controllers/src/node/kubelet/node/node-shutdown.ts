import type { Pod } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import type { PodVerdict } from '../pod/pod-status.ts';
import type { Refusal } from './node-admission.ts';
import { isCritical } from './preemption.ts';

/** How long the Pods of a machine that is shut down have to end, in milliseconds (KubeletConfiguration). */
export interface ShutdownGrace {
  /** All together. 0: the machine is switched off without notice. */
  readonly shutdownGracePeriod: Milliseconds;
  /** The last part of it, which critical Pods have for themselves. */
  readonly shutdownGracePeriodCriticalPods: Milliseconds;
}

/** Pods that end together, and how long they have. */
export interface ShutdownGroup<T> {
  readonly grace: Milliseconds;
  readonly pods: readonly T[];
}

/** In which groups Pods end when their machine is shut down, first to last (KEP-2000 "Graceful Node Shutdown"): critical ones last. */
export function shutdownGroups<T>(
  pods: readonly T[],
  podOf: (one: T) => Pod,
  { shutdownGracePeriod, shutdownGracePeriodCriticalPods }: ShutdownGrace,
): readonly ShutdownGroup<T>[] {
  const regular = shutdownGracePeriod - shutdownGracePeriodCriticalPods;
  if (shutdownGracePeriod <= 0 || regular < 0) return [];
  return [
    { grace: regular, pods: pods.filter((one) => !isCritical(podOf(one))) },
    { grace: shutdownGracePeriodCriticalPods, pods: pods.filter((one) => isCritical(podOf(one))) },
  ].filter((group) => group.pods.length > 0);
}

/** What becomes of a Pod whose machine is shut down: it has its own grace, but no more than its group. */
export function endedByShutdown(grace: Milliseconds): PodVerdict {
  const message = 'Pod was terminated in response to imminent node shutdown.';
  const disruption = { status: 'True', reason: 'TerminationByKubelet', message } as const;
  return { reason: 'Terminated', message, grace, disruption };
}

/** Why the node takes no new Pods. */
export const shutdownRefusal: Refusal = {
  reason: 'NodeShutdown',
  message: 'Pod was rejected as the node is shutting down.',
};

/** Why the node is not ready. */
export const shutdownError = 'node is shutting down';
