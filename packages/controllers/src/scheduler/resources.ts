import { type Container, type Pod, parseQuantity } from '@orrery/api';

/** Amounts by resource name: cpu in thousandths of a core, everything else in its own unit (bytes, pieces). */
export type Resources = ReadonlyMap<string, number>;

type QuantityMap = { readonly [resource: string]: string | number } | undefined;

/** What a container counts for when scores are computed though it asks for nothing: 100m cpu. */
const defaultMilliCpu = 100;
/** The same for memory: 200 MiB. */
const defaultMemory = 200 * 1024 * 1024;

/** Reads a resource list (`requests`, `allocatable`). */
export function readResources(list: QuantityMap): Map<string, number> {
  const resources = new Map<string, number>();
  for (const name in list) resources.set(name, amount(name, list[name] ?? 0));
  return resources;
}

function amount(name: string, text: string | number): number {
  const quantity = parseQuantity(text);
  return name === 'cpu' ? quantity.milliValue() : quantity.value();
}

/**
 * What a Pod asks for as a whole (Kubernetes "Resource sharing within containers"): its containers and sidecars together, or
 * the largest init container with the sidecars that start before it, whichever is more; replaced by Pod-level requests where
 * there are any; with the Pod's overhead on top.
 */
export function podRequests(pod: Pod): Resources {
  return effective(pod, (container) => readResources(container.resources?.requests));
}

/** cpu (thousandths) and memory (bytes) of a Pod for scores, where a container that asks for nothing counts for a little. */
export function scoredRequests(pod: Pod): { readonly cpu: number; readonly memory: number } {
  const withDefaults = (container: Container) => {
    const requests = readResources(container.resources?.requests);
    if (!requests.has('cpu')) requests.set('cpu', defaultMilliCpu);
    if (!requests.has('memory')) requests.set('memory', defaultMemory);
    return requests;
  };
  const total = effective(pod, withDefaults);
  return { cpu: total.get('cpu') ?? 0, memory: total.get('memory') ?? 0 };
}

function effective(pod: Pod, requestsOf: (container: Container) => Map<string, number>): Resources {
  const running = new Map<string, number>();
  for (const container of pod.spec.containers) addTo(running, requestsOf(container));
  const sidecars = new Map<string, number>();
  const starting = new Map<string, number>();
  for (const container of pod.spec.initContainers ?? []) {
    const requests = requestsOf(container);
    if (container.restartPolicy === 'Always') {
      addTo(running, requests);
      addTo(sidecars, requests);
      raiseTo(starting, sidecars);
    } else {
      addTo(requests, sidecars);
      raiseTo(starting, requests);
    }
  }
  raiseTo(running, starting);
  const podLevel = readResources(pod.spec.resources?.requests);
  for (const name of ['cpu', 'memory']) {
    const value = podLevel.get(name);
    if (value !== undefined) running.set(name, value);
  }
  addTo(running, readResources(pod.spec.overhead));
  return running;
}

function addTo(total: Map<string, number>, more: Resources): void {
  for (const [name, value] of more) total.set(name, (total.get(name) ?? 0) + value);
}

function raiseTo(total: Map<string, number>, least: Resources): void {
  for (const [name, value] of least) total.set(name, Math.max(total.get(name) ?? 0, value));
}
