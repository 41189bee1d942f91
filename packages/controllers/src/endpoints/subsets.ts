import { canonicalJson, type Endpoints, type Pod, type Service, type Stored } from '@orrery/api';
import { type EndpointPort, endpointHostname, endpointPorts, isEndpoint } from '../endpointslice/service-ports.ts';
import { isReady } from '../workload/pod-state.ts';

type Subset = NonNullable<Endpoints['subsets']>[number];
type Address = NonNullable<Subset['addresses']>[number];

/** At most this many addresses are in one Endpoints object. */
const capacity = 1000;

/** Annotation of an Endpoints object that could not hold all addresses, with the value `truncated`. */
export const overCapacityAnnotation = 'endpoints.kubernetes.io/over-capacity';

/**
 * The subsets of a Service's Endpoints: Pods with the same ports together, ready ones apart from those that are not.
 * Pods that are being deleted are left out, unless the Service publishes Pods that are not ready.
 */
export function endpointSubsets(
  service: Service,
  pods: readonly Stored<Pod>[],
): { readonly subsets: Subset[]; readonly truncated: boolean } {
  const publishAll = service.spec.publishNotReadyAddresses === true;
  const groups = new Map<string, { ports: readonly EndpointPort[]; ready: Address[]; notReady: Address[] }>();
  const candidates = pods.filter(
    (pod) => isEndpoint(pod) && (publishAll || pod.metadata.deletionTimestamp === undefined),
  );
  // When not all fit, ready ones are kept.
  const sorted = [...candidates].sort((a, b) => Number(isReady(b)) - Number(isReady(a)) || byAddress(a, b));
  for (const pod of sorted.slice(0, capacity)) {
    const ports = endpointPorts(service, pod);
    if (ports.length === 0 && (service.spec.ports ?? []).length > 0) continue;
    const key = canonicalJson(ports);
    const group = groups.get(key) ?? { ports, ready: [], notReady: [] };
    groups.set(key, group);
    (publishAll || isReady(pod) ? group.ready : group.notReady).push(addressOf(service, pod));
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
  return { subsets, truncated: candidates.length > capacity };
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

function byAddress(a: Pod, b: Pod): number {
  const left = a.status?.podIP ?? '';
  const right = b.status?.podIP ?? '';
  return left < right ? -1 : left > right ? 1 : 0;
}
