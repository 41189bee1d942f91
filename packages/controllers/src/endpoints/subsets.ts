import { canonicalJson, type Endpoints, keyOf, keyString, type Pod, type Service, type Stored } from '@orrery/api';
import { type EndpointPort, endpointHostname, endpointPorts, isEndpoint } from '../endpointslice/service-ports.ts';
import { isReady } from '../workload/pod-state.ts';

type Subset = NonNullable<Endpoints['subsets']>[number];
type Address = NonNullable<Subset['addresses']>[number];

/** At most this many addresses are in one Endpoints object. */
const capacity = 1000;

/** Annotation of an Endpoints object that could not hold all addresses, with the value `truncated`. */
export const overCapacityAnnotation = 'endpoints.kubernetes.io/over-capacity';

/** The subsets of an Endpoints object. */
export interface EndpointSubsets {
  readonly subsets: Subset[];
  /** There are more addresses than it can hold. */
  readonly truncated: boolean;
}

/** A Pod as an address of a Service. */
export interface PodAddress {
  /** The key of the Pod. */
  readonly key: string;
  readonly ready: boolean;
  readonly address: Address;
  /** The Service's ports on the Pod; none if the Pod lacks them all. */
  readonly ports: readonly EndpointPort[];
  /** The ports as text: Pods with the same ports share a subset. */
  readonly portsKey: string;
}

/**
 * The subsets of a Service's Endpoints: Pods with the same ports together, ready ones apart from those that are not.
 * Pods that are being deleted are left out, unless the Service publishes Pods that are not ready.
 */
export function endpointSubsets(service: Service, pods: readonly Stored<Pod>[]): EndpointSubsets {
  return subsetsOf(service, pods.flatMap((pod) => podAddress(service, pod) ?? []).sort(byRank));
}

/** The Pod as an address of the Service; undefined if it is none. */
export function podAddress(service: Service, pod: Stored<Pod>): PodAddress | undefined {
  if (!isEndpoint(pod)) return undefined;
  if (pod.metadata.deletionTimestamp !== undefined && !publishesAll(service)) return undefined;
  const ports = endpointPorts(service, pod);
  return {
    key: keyString(keyOf(pod)),
    ready: isReady(pod),
    address: addressOf(service, pod),
    ports,
    portsKey: canonicalJson(ports),
  };
}

/** Which of two addresses is kept if there are too many: ready ones, then by their text. */
export function byRank(a: PodAddress, b: PodAddress): number {
  return Number(b.ready) - Number(a.ready) || compare(a.address.ip, b.address.ip) || compare(a.key, b.key);
}

/** The subsets that addresses make, which come by {@link byRank}. */
export function subsetsOf(service: Service, ranked: readonly PodAddress[]): EndpointSubsets {
  const publishAll = publishesAll(service);
  const groups = new Map<string, { ports: readonly EndpointPort[]; ready: Address[]; notReady: Address[] }>();
  for (const { ready, address, ports, portsKey } of ranked.slice(0, capacity)) {
    if (ports.length === 0 && (service.spec.ports ?? []).length > 0) continue;
    const group = groups.get(portsKey) ?? { ports, ready: [], notReady: [] };
    groups.set(portsKey, group);
    (publishAll || ready ? group.ready : group.notReady).push(address);
  }
  const subsets = [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, group]): Subset => {
      const { ports, ready, notReady } = group;
      return {
        ...(ready.length === 0 ? {} : { addresses: ready }),
        ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady }),
        ...(ports.length === 0 ? {} : { ports: ports.map(portOf) }),
      };
    });
  return { subsets, truncated: ranked.length > capacity };
}

function publishesAll({ spec }: Service): boolean {
  return spec.publishNotReadyAddresses === true;
}

function portOf({ name, ...port }: EndpointPort) {
  return name === '' ? port : { name, ...port };
}

function addressOf(service: Service, pod: Stored<Pod>): Address {
  const { namespace, name, uid } = pod.metadata;
  const hostname = endpointHostname(service, pod);
  return {
    ip: pod.status?.podIP ?? '',
    ...(hostname === undefined ? {} : { hostname }),
    ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    targetRef: { kind: 'Pod', ...(namespace === undefined ? {} : { namespace }), name, uid },
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
