import { type Container, type Pod, parseQuantity, quote } from '@orrery/api';

/** Addresses that may be newer than those in the Pod's status. */
export interface PodAddresses {
  readonly podIps: readonly string[];
  readonly hostIps: readonly string[];
}

/** A node's allocatable resources: what a missing limit means. */
export type Allocatable = { readonly [resource: string]: string | number };

/**
 * The value of a `fieldRef` (Kubernetes "Downward API"). Absent labels and annotations are empty.
 * @throws Error if Kubernetes has no such field here.
 */
export function fieldValue(pod: Pod, fieldPath: string, addresses?: PodAddresses): string {
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(fieldPath);
  if (subscript !== null) {
    const map = subscript[1] === 'labels' ? pod.metadata.labels : pod.metadata.annotations;
    return map?.[subscript[2] ?? ''] ?? '';
  }
  const podIps = () => addresses?.podIps ?? podStatusIps(pod);
  const hostIps = () => addresses?.hostIps ?? (pod.status?.hostIPs ?? []).map(({ ip }) => ip);
  switch (fieldPath) {
    case 'metadata.name':
      return pod.metadata.name;
    case 'metadata.namespace':
      return pod.metadata.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata.uid ?? '';
    case 'metadata.labels':
      return formatMap(pod.metadata.labels);
    case 'metadata.annotations':
      return formatMap(pod.metadata.annotations);
    case 'spec.nodeName':
      return pod.spec.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? '';
    case 'status.podIP':
      return podIps()[0] ?? '';
    case 'status.podIPs':
      return podIps().join(',');
    case 'status.hostIP':
      return hostIps()[0] ?? '';
    case 'status.hostIPs':
      return hostIps().join(',');
    default:
      throw new Error(`unsupported fieldPath: ${fieldPath}`);
  }
}

function podStatusIps(pod: Pod): string[] {
  const ips = (pod.status?.podIPs ?? []).map(({ ip }) => ip);
  return ips.length > 0 || pod.status?.podIP === undefined ? ips : [pod.status.podIP];
}

/** Labels or annotations as a file: `key="value"` lines in key order, without a last newline. */
export function formatMap(map: { readonly [key: string]: string } | undefined): string {
  return Object.keys(map ?? {})
    .sort()
    .map((key) => `${key}=${quote(map?.[key] ?? '')}`)
    .join('\n');
}

/** A `resourceFieldRef`. */
export interface ResourceReference {
  readonly containerName?: string;
  readonly resource: string;
  readonly divisor?: string | number;
}

/**
 * The value of a `resourceFieldRef`: the quantity divided by the divisor, rounded up. A limit that is not set is the node's
 * allocatable; a request that is not set is 0.
 * @throws Error if the container or the resource does not exist.
 */
export function resourceValue(
  pod: Pod,
  reference: ResourceReference,
  allocatable: Allocatable,
  ownContainer?: string,
): string {
  const name = reference.containerName || ownContainer || '';
  const container = containerNamed(pod, name);
  if (container === undefined) throw new Error(`container ${name} not found`);
  const match = /^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)$/.exec(reference.resource);
  if (match === null) throw new Error(`unsupported container resource : ${reference.resource}`);
  const [, side, resource = ''] = match;
  const given = container.resources?.[side as 'limits' | 'requests']?.[resource];
  let quantity = parseQuantity(given ?? '0');
  if (side === 'limits' && quantity.isZero && !resource.startsWith('hugepages-')) {
    quantity = parseQuantity(allocatable[resource] ?? '0');
  }
  const divisor = parseQuantity(reference.divisor ?? '0');
  const by = divisor.isZero ? parseQuantity('1') : divisor;
  return String(
    resource === 'cpu' ? Math.ceil(quantity.milliValue() / by.milliValue()) : Math.ceil(quantity.value() / by.value()),
  );
}

function containerNamed(pod: Pod, name: string): Container | undefined {
  return (
    pod.spec.containers.find((container) => container.name === name) ??
    pod.spec.initContainers?.find((container) => container.name === name)
  );
}
