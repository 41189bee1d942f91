import { type Pod, parseQuantity, type Quantity, zeroQuantity } from '@orrery/api';
import { isSidecar } from '../containers/pod-containers.ts';
import type { PodVerdict } from '../pod/pod-status.ts';
import { containerRequest, containerUse, type PodUse, podUse } from './eviction-rank.ts';
import { amountText, type StarvedResource } from './eviction-thresholds.ts';

/** How long the containers of a Pod that is evicted have to stop, in milliseconds. */
const evictionGrace = 1000;

/** Whether anything of the Pod is limited in the storage that it may use. */
export function hasStorageLimits(pod: Pod): boolean {
  return (
    (pod.spec.volumes ?? []).some(({ emptyDir }) => positive(emptyDir?.sizeLimit)) ||
    pod.spec.containers.some(({ resources }) => positive(resources?.limits?.['ephemeral-storage']))
  );
}

/** Why the Pod must leave the node for what it stores (Kubernetes "Local ephemeral storage"); undefined if it may stay. */
export function storageEviction(use: PodUse): PodVerdict | undefined {
  const { pod } = use;
  for (const { name, emptyDir } of pod.spec.volumes ?? []) {
    if (emptyDir === undefined) continue;
    const used = use.volumes.get(name) ?? 0;
    const limit = emptyDir.sizeLimit;
    if (limit !== undefined && positive(limit) && used > parseQuantity(limit).value()) {
      return evicted(`Usage of EmptyDir volume "${name}" exceeds the limit "${parseQuantity(limit)}". `);
    }
  }
  const allowed = storageLimit(pod);
  if (allowed !== undefined && podUse('ephemeral-storage', use) > allowed.value()) {
    return evicted(`Pod ephemeral local storage usage exceeds the total limit of containers ${allowed}. `);
  }
  for (const { name, resources } of pod.spec.containers) {
    const limit = resources?.limits?.['ephemeral-storage'];
    const usage = use.containers.get(name);
    if (limit === undefined || usage === undefined || !positive(limit)) continue;
    if (containerUse('ephemeral-storage', usage) <= parseQuantity(limit).value()) continue;
    return evicted(`Container ${name} exceeded its local ephemeral storage limit "${parseQuantity(limit)}". `);
  }
  return undefined;
}

/** What all containers of a Pod may store together: what has a limit counts. Undefined where nothing has. */
function storageLimit({ spec }: Pod): Quantity | undefined {
  let total: Quantity | undefined;
  let largest: Quantity | undefined;
  const limits = (container: Pod['spec']['containers'][number]) => {
    const limit = container.resources?.limits?.['ephemeral-storage'];
    return limit === undefined ? undefined : parseQuantity(limit);
  };
  for (const container of [...(spec.initContainers ?? []).filter(isSidecar), ...spec.containers]) {
    const limit = limits(container);
    if (limit !== undefined) total = (total ?? zeroQuantity).add(limit);
  }
  for (const container of spec.initContainers ?? []) {
    const limit = limits(container);
    if (limit !== undefined && (largest === undefined || limit.compare(largest) > 0)) largest = limit;
  }
  return largest !== undefined && (total === undefined || largest.compare(total) > 0) ? largest : total;
}

/** A shortage on the node: the threshold (`quantity`) and the amount left (`available`), in the resource's units. */
export interface Shortage {
  readonly resource: StarvedResource;
  readonly quantity: number;
  readonly available: number;
}

/** What becomes of a Pod that leaves because the node is short of something (Kubernetes "Node-pressure Eviction"). */
export function pressureEviction({ resource, quantity, available }: Shortage, use: PodUse): PodVerdict {
  let message = `The node was low on resource: ${resource}. Threshold quantity: ${amountText(quantity)}, available: ${amountText(available)}. `;
  for (const container of resource === 'memory' || resource === 'ephemeral-storage' ? use.pod.spec.containers : []) {
    const usage = use.containers.get(container.name);
    if (usage === undefined) continue;
    const used = containerUse(resource, usage);
    const request = containerRequest(resource, container);
    if (used <= request.value) continue;
    message += `Container ${container.name} was using ${amountText(used)}, request is ${request.text}, has larger consumption of ${resource}. `;
  }
  return { ...evicted(message), disruption: { status: 'True', reason: 'TerminationByKubelet', message } };
}

/** What becomes of a Pod that is evicted. */
function evicted(message: string): PodVerdict {
  return { reason: 'Evicted', message, grace: evictionGrace };
}

function positive(limit: string | number | undefined): boolean {
  return limit !== undefined && parseQuantity(limit).value() > 0;
}
