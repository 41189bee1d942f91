import type { Pod } from '@orrery/api';
import type { EventRecorder } from '@orrery/core';
import type { ContainerRuntime, RuntimeCondition } from '@orrery/runtimes';

/** What a runtime says of itself, if it says anything. */
export type RuntimeConditions = readonly RuntimeCondition[] | undefined;

/** Why the node's network cannot take Pods (the kubelet's networkErrors); undefined if it can. */
export function networkError(conditions: RuntimeConditions): string | undefined {
  return errorOf(conditions, 'NetworkReady', 'container runtime network not ready');
}

/** Whether the Pod has to wait because the node's network is not ready; an event says so. A Pod on the node's own network need not. */
export async function lacksNetwork(pod: Pod, runtime: ContainerRuntime, events: EventRecorder): Promise<boolean> {
  if (pod.spec.hostNetwork === true) return false;
  const answer = runtime.status?.();
  const error = networkError(answer instanceof Promise ? await answer : answer);
  if (error === undefined) return false;
  events.event(pod, 'Warning', 'NetworkNotReady', `network is not ready: ${error}`);
  return true;
}

/** Why the node is not ready, as its Ready condition says it; undefined if it is. */
export function readinessError(conditions: RuntimeConditions): string | undefined {
  const runtime = errorOf(conditions, 'RuntimeReady', 'container runtime not ready');
  const network = networkError(conditions);
  return runtime === undefined || network === undefined ? (runtime ?? network) : `[${runtime}, ${network}]`;
}

function errorOf(conditions: RuntimeConditions, type: RuntimeCondition['type'], what: string): string | undefined {
  if (conditions === undefined) return undefined;
  for (const { type: of, status, reason, message } of conditions) {
    if (of === type && !status) return `${what}: ${type}=false reason:${reason} message:${message}`;
  }
  return undefined;
}
