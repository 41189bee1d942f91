import { type Container, type Pod, parseQuantity } from '@orrery/api';
import type { ContainerUsage } from '@orrery/runtimes';
import type { StarvedResource } from './eviction-thresholds.ts';
import { podRequests } from './node-admission.ts';

/** What a Pod uses of its node. */
export interface PodUse {
  readonly pod: Pod;
  /** By name; a container that does not run uses nothing. */
  readonly containers: ReadonlyMap<string, ContainerUsage>;
  /** Bytes of its emptyDirs, by name. */
  readonly volumes: ReadonlyMap<string, number>;
}

/** How much a Pod uses of a resource, in the resource's units. */
export function podUse(resource: StarvedResource, { pod, containers, volumes }: PodUse): number {
  let total = 0;
  for (const { name, emptyDir } of pod.spec.volumes ?? []) {
    const kept = emptyDir?.medium === 'Memory' ? 'memory' : 'ephemeral-storage';
    if (kept === resource) total += volumes.get(name) ?? 0;
  }
  for (const usage of containers.values()) total += containerUse(resource, usage);
  return total;
}

/** How much a container uses of a resource, in the resource's units. */
export function containerUse(resource: StarvedResource, usage: ContainerUsage): number {
  switch (resource) {
    case 'memory':
      return usage.memoryBytes;
    case 'ephemeral-storage':
      return usage.writableLayerBytes + usage.logBytes;
    case 'inodes':
      return usage.inodes;
    case 'pids':
      return usage.processes;
  }
}

/**
 * Pods in the order in which they leave a node that is short of a resource (Kubernetes "Node-pressure Eviction", Pod selection):
 * those that use more than they requested, then those of lower priority, then those that use most beyond their requests.
 * Processes cannot be requested.
 */
export function rankForEviction(resource: StarvedResource, uses: readonly PodUse[]): readonly PodUse[] {
  const requested = ({ pod }: PodUse) =>
    resource === 'memory' || resource === 'ephemeral-storage' ? (podRequests(pod).get(resource) ?? 0) : 0;
  return uses
    .map((use) => ({ use, priority: use.pod.spec.priority ?? 0, beyond: podUse(resource, use) - requested(use) }))
    .sort(
      (a, b) =>
        (resource === 'pids' ? 0 : Number(b.beyond > 0) - Number(a.beyond > 0)) ||
        a.priority - b.priority ||
        b.beyond - a.beyond,
    )
    .map(({ use }) => use);
}

/** What a container requested of a resource, in the resource's units and as it is written. */
export function containerRequest(resource: StarvedResource, { resources }: Container): { value: number; text: string } {
  const quantity = parseQuantity(resources?.requests?.[resource] ?? '0');
  return { value: quantity.value(), text: quantity.toString() };
}
