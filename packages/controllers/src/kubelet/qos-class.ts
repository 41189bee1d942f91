import { type Container, type Pod, parseQuantity } from '@orrery/api';

const counted = ['cpu', 'memory'] as const;

/**
 * A Pod's quality of service class (Kubernetes "Pod Quality of Service Classes"): Guaranteed if every container has cpu and
 * memory limits that equal its requests, BestEffort if none has any, else Burstable.
 */
export function qosClass(pod: Pod): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  let guaranteed = true;
  let bestEffort = true;
  for (const container of [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]) {
    for (const resource of counted) {
      const limit = amount(container, 'limits', resource);
      const request = amount(container, 'requests', resource) || limit;
      if (limit > 0 || request > 0) bestEffort = false;
      if (limit === 0 || request !== limit) guaranteed = false;
    }
  }
  return bestEffort ? 'BestEffort' : guaranteed ? 'Guaranteed' : 'Burstable';
}

/** In thousandths; 0 where the container has none. */
function amount(container: Container, side: 'limits' | 'requests', resource: string): number {
  const text = container.resources?.[side]?.[resource];
  return text === undefined ? 0 : parseQuantity(text).milliValue();
}
