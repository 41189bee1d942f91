import type { KubernetesObject } from './object.ts';
import { parseQuantity, type Quantity, zeroQuantity } from './quantity.ts';

interface Container {
  readonly resources?: {
    readonly requests?: { readonly [resource: string]: unknown };
    readonly limits?: { readonly [resource: string]: unknown };
  };
}

interface PodParts {
  readonly spec?: {
    readonly containers?: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly resources?: Container['resources'];
  };
}

const counted = ['cpu', 'memory'] as const;

/**
 * A Pod's quality of service class (Kubernetes "Pod Quality of Service Classes"): Guaranteed when every container has cpu and
 * memory limits that equal its requests, BestEffort when none asks for anything, else Burstable. A Pod that has resources of
 * its own is judged by these alone (KEP-2837).
 */
export function qosClass(pod: KubernetesObject): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const { spec } = pod as PodParts;
  const containers =
    spec?.resources === undefined
      ? [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]
      : [{ resources: spec.resources }];
  let guaranteed = true;
  let bestEffort = true;
  for (const { resources } of containers) {
    for (const name of counted) {
      const request = amount(resources?.requests?.[name]);
      const limit = amount(resources?.limits?.[name]);
      if (request !== undefined || limit !== undefined) bestEffort = false;
      if (limit === undefined || (request !== undefined && request.compare(limit) !== 0)) guaranteed = false;
    }
  }
  if (bestEffort) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

/** The quantity if there is one above zero. */
function amount(value: unknown): Quantity | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const quantity = parseQuantity(value);
  return quantity.compare(zeroQuantity) > 0 ? quantity : undefined;
}
