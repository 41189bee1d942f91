import type { Pod } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import type { ContainerStatus, PodSandboxStatus } from '@orrery/runtimes';

/** What the runtime has of one Pod (kubecontainer.PodStatus). */
export interface ObservedPod {
  /** Newest first. */
  readonly sandboxes: readonly PodSandboxStatus[];
  /** Newest first. */
  readonly containers: readonly ContainerStatus[];
}

/** Nothing has been made yet. */
export const nothingObserved: ObservedPod = { sandboxes: [], containers: [] };

/** An observation with both lists put in order. */
export function observe(sandboxes: readonly PodSandboxStatus[], containers: readonly ContainerStatus[]): ObservedPod {
  return { sandboxes: [...sandboxes].sort(newestFirst), containers: [...containers].sort(newestFirst) };
}

function newestFirst(
  a: { readonly createdAt: Milliseconds; readonly metadata: { readonly attempt: number } },
  b: { readonly createdAt: Milliseconds; readonly metadata: { readonly attempt: number } },
): number {
  return b.createdAt - a.createdAt || b.metadata.attempt - a.metadata.attempt;
}

/** The latest instance of a container, if the runtime still has one. */
export function latest(observed: ObservedPod, name: string): ContainerStatus | undefined {
  for (const container of observed.containers) if (container.metadata.name === name) return container;
  return undefined;
}

/** The latest instance, if it belongs to that sandbox. */
export function latestIn(observed: ObservedPod, name: string, sandboxId: string): ContainerStatus | undefined {
  for (const container of observed.containers) {
    if (container.metadata.name === name && container.sandboxId === sandboxId) return container;
  }
  return undefined;
}

/** Whether anything may still run: a container that is not known to have ended. */
export function mayRun(observed: ObservedPod): boolean {
  return observed.containers.some((container) => container.state === 'RUNNING' || container.state === 'UNKNOWN');
}

/** The address that a Pod's containers are reached at; `''` while it has none. */
export function podAddress(pod: Pod, observed: ObservedPod, nodeIp: string): string {
  if (pod.spec.hostNetwork === true) return nodeIp;
  return observed.sandboxes[0]?.ips[0] ?? '';
}
