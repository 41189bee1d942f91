import { Pod, type Stored, withCondition } from '@orrery/api';
import { type Controller, defineController, type Milliseconds } from '@orrery/core';
import { isTerminal } from '../workload/pod-state.ts';
import { unlessGone } from '../workload/unless-gone.ts';

/** How long a Pod may be said to be disrupted without being deleted. */
const staleAfter: Milliseconds = 120_000;

/** A loop that takes the condition DisruptionTarget back from Pods that were not deleted after all. `name` is whose loop it is. */
export function staleConditions(name: string): Controller {
  return defineController({
    name,
    for: Pod,
    when: (pod) => staleIn(pod, 0) !== undefined,
    reconcile: (pod, { client, clock }) =>
      unlessGone(Pod, pod, async () => {
        const wait = staleIn(pod, clock.now());
        if (wait === undefined) return;
        if (wait > 0) return { requeueAfter: wait };
        const state = { type: 'DisruptionTarget', status: 'False', observedGeneration: pod.metadata.generation ?? 0 };
        const conditions = withCondition(pod.status?.conditions ?? [], state, clock.now());
        await client.updateStatus({ ...pod, status: { ...pod.status, conditions } });
        return;
      }),
  });
}

/**
 * Milliseconds until the Pod's DisruptionTarget is stale; undefined if it has none that can be. The kubelet's own, and those of Pods
 * that have ended, stay.
 */
export function staleIn(pod: Stored<Pod>, now: Milliseconds): Milliseconds | undefined {
  if (pod.metadata.deletionTimestamp !== undefined || isTerminal(pod)) return undefined;
  const condition = pod.status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
  if (condition?.status !== 'True' || condition.reason === 'TerminationByKubelet') return undefined;
  return Math.max(0, Date.parse(condition.lastTransitionTime ?? '') + staleAfter - now);
}
