import { canonicalJson, type EndpointSlice, equalJson, type Pod, type Service, type Stored } from '@orrery/api';
import { isReady } from '../workload/pod-state.ts';
import { type EndpointPort, endpointHostname, endpointPorts, isEndpoint } from './service-ports.ts';

/** At most this many endpoints are in one slice. */
export const sliceSize = 100;

const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
const managedBy = 'endpointslice-controller.k8s.io';
const serviceNameLabel = 'kubernetes.io/service-name';
const headlessLabel = 'service.kubernetes.io/headless';

export type AddressType = 'IPv4' | 'IPv6';
export type Endpoint = NonNullable<EndpointSlice['endpoints']>[number];

/** What to do with a Service's slices. */
export interface SliceChanges {
  readonly create: readonly EndpointSlice[];
  readonly update: readonly Stored<EndpointSlice>[];
  readonly delete: readonly Stored<EndpointSlice>[];
}

/** Whether a slice is managed by this controller, not made by hand. */
export function isManaged({ metadata }: EndpointSlice): boolean {
  return metadata.labels?.[managedByLabel] === managedBy;
}

/**
 * The changes that make slices show a Service's Pods (Kubernetes "EndpointSlices"): one set of slices per address family and
 * per set of ports. Endpoints stay in the slice that has them; gaps are filled before a slice is added.
 */
export function sliceChanges(
  service: Stored<Service>,
  pods: readonly Stored<Pod>[],
  existing: readonly Stored<EndpointSlice>[],
  zoneOf: (node: string) => string | undefined,
): SliceChanges {
  const create: EndpointSlice[] = [];
  const update: Stored<EndpointSlice>[] = [];
  const unused = new Set(existing);
  const families = service.spec.ipFamilies ?? ['IPv4'];
  for (const family of families) {
    const groups = endpointGroups(service, pods, family as AddressType, zoneOf);
    for (const { ports, endpoints } of groups) {
      const portsKey = canonicalJson(ports);
      const slices = existing.filter((slice) => slice.addressType === family && portsKeyOf(slice) === portsKey);
      for (const slice of slices) unused.delete(slice);
      const filled = fill(slices, endpoints);
      for (const [slice, content] of filled.slices) {
        if (content.length === 0 && (filled.added.length > 0 || filled.slices.some(([, other]) => other.length > 0))) {
          unused.add(slice);
          continue;
        }
        const wanted = { ...slice, metadata: { ...slice.metadata, labels: sliceLabels(service) }, endpoints: content };
        if (!equalJson(wanted, { ...slice, endpoints: slice.endpoints ?? [] })) update.push(wanted);
      }
      for (const content of filled.added) create.push(newSlice(service, family as AddressType, ports, content));
    }
  }
  return { create, update, delete: [...unused] };
}

interface EndpointGroup {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: ReadonlyMap<string, Endpoint>;
}

/** Endpoints by Pod uid, in one group for each set of ports. A Service without Pods has one empty group. */
function endpointGroups(
  service: Service,
  pods: readonly Stored<Pod>[],
  family: AddressType,
  zoneOf: (node: string) => string | undefined,
): readonly EndpointGroup[] {
  const groups = new Map<string, { ports: readonly EndpointPort[]; endpoints: Map<string, Endpoint> }>();
  for (const pod of pods) {
    const found = podEndpoint(service, pod, family, zoneOf);
    if (found === undefined) continue;
    const { ports, portsKey } = found;
    const group = groups.get(portsKey) ?? { ports, endpoints: new Map<string, Endpoint>() };
    group.endpoints.set(pod.metadata.uid, found.endpoint);
    groups.set(portsKey, group);
  }
  return groups.size > 0 ? [...groups.values()] : [{ ports: [], endpoints: new Map() }];
}

/** A Pod as an endpoint of a Service. */
export interface PodEndpoint {
  readonly endpoint: Endpoint;
  readonly ports: readonly EndpointPort[];
  /** The ports as text: Pods with the same ports share slices. */
  readonly portsKey: string;
}

/** The Pod as an endpoint of the Service in one address family; undefined if it is none. */
export function podEndpoint(
  service: Service,
  pod: Stored<Pod>,
  family: AddressType,
  zoneOf: (node: string) => string | undefined,
): PodEndpoint | undefined {
  if (!isEndpoint(pod)) return undefined;
  const address = addressOf(pod, family);
  if (address === undefined) return undefined;
  const ports = endpointPorts(service, pod);
  if (ports.length === 0 && (service.spec.ports ?? []).length > 0) return undefined;
  return { endpoint: endpoint(service, pod, address, zoneOf), ports, portsKey: canonicalJson(ports) };
}

function addressOf({ status }: Pod, family: AddressType): string | undefined {
  const isFamily = (ip: string) => ip.includes(':') === (family === 'IPv6');
  for (const { ip } of status?.podIPs ?? []) if (ip !== undefined && isFamily(ip)) return ip;
  const ip = status?.podIP ?? '';
  return ip !== '' && isFamily(ip) ? ip : undefined;
}

function endpoint(
  service: Service,
  pod: Stored<Pod>,
  address: string,
  zoneOf: (node: string) => string | undefined,
): Endpoint {
  const serving = isReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const { namespace, name, uid } = pod.metadata;
  const { nodeName } = pod.spec;
  const zone = nodeName === undefined ? undefined : zoneOf(nodeName);
  const hostname = endpointHostname(service, pod);
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(hostname === undefined ? {} : { hostname }),
    targetRef: { kind: 'Pod', ...(namespace === undefined ? {} : { namespace }), name, uid },
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone }),
  };
}

/** The ports of a slice as text: equal to {@link PodEndpoint.portsKey} of the endpoints that it is for. */
export function portsKeyOf({ ports }: EndpointSlice): string {
  const plain = (ports ?? []).map(({ name = '', port = 0, protocol = 'TCP', appProtocol }) => ({
    name,
    port,
    protocol,
    ...(appProtocol === undefined ? {} : { appProtocol }),
  }));
  return canonicalJson(plain);
}

interface Filled {
  readonly slices: readonly (readonly [Stored<EndpointSlice>, Endpoint[]])[];
  readonly added: readonly Endpoint[][];
}

function fill(slices: readonly Stored<EndpointSlice>[], endpoints: ReadonlyMap<string, Endpoint>): Filled {
  const left = new Map(endpoints);
  const kept = new Map<Stored<EndpointSlice>, Endpoint[]>();
  // What two slices have, because the answer to a create was lost, stays in the fuller one: the other can become empty.
  for (const slice of [...slices].sort((a, b) => (b.endpoints?.length ?? 0) - (a.endpoints?.length ?? 0))) {
    const content: Endpoint[] = [];
    for (const { targetRef } of slice.endpoints ?? []) {
      const wanted = targetRef?.uid === undefined ? undefined : left.get(targetRef.uid);
      if (wanted === undefined || targetRef?.uid === undefined) continue;
      content.push(wanted);
      left.delete(targetRef.uid);
    }
    kept.set(slice, content);
  }
  const contents = slices.map((slice) => [slice, kept.get(slice) ?? []] as const);
  const rest = [...left.values()];
  for (const [, content] of contents) {
    while (content.length < sliceSize && rest.length > 0) content.push(rest.shift() as Endpoint);
  }
  const added: Endpoint[][] = [];
  while (rest.length > 0) added.push(rest.splice(0, sliceSize));
  if (contents.length === 0 && added.length === 0) added.push([]);
  return { slices: contents, added };
}

/** A slice that does not exist yet. */
export function newSlice(
  service: Stored<Service>,
  addressType: AddressType,
  ports: readonly EndpointPort[],
  endpoints: Endpoint[],
): EndpointSlice {
  const { name, namespace, uid } = service.metadata;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${name}-`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: sliceLabels(service),
      ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name, uid, controller: true, blockOwnerDeletion: true }],
    } as Partial<EndpointSlice['metadata']> as EndpointSlice['metadata'],
    addressType,
    endpoints,
    ports: ports.map((port) => ({ ...port })),
  };
}

function sliceLabels(service: Service): { [key: string]: string } {
  return {
    ...service.metadata.labels,
    [serviceNameLabel]: service.metadata.name,
    [managedByLabel]: managedBy,
    ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
  };
}

/** A Service without an address of its own: its name leads to the Pods themselves. */
export function isHeadless({ spec }: Service): boolean {
  return spec.clusterIP === 'None' || spec.clusterIP === '';
}
