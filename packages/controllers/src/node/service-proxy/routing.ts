import type { EndpointSlice, Service } from '@orrery/api';
import type { NetworkEndpoint } from '@orrery/runtimes';

/** Where connections to one address of a Service go. */
interface Route {
  readonly ip: string;
  readonly port: number;
  readonly backends: readonly NetworkEndpoint[];
}

/** A DNS name and its addresses (Kubernetes "DNS for Services and Pods"). */
interface NameRecord {
  readonly name: string;
  readonly ips: readonly string[];
}

/** What a network needs to know of one Service, or of a part of it. */
export interface ServiceRouting {
  readonly routes: readonly Route[];
  readonly names: readonly NameRecord[];
}

/** What a node's proxy and the cluster's DNS make of a Service without its endpoints: addresses that lead nowhere yet. Pure. */
export function serviceRouting(service: Service, clusterDomain: string): ServiceRouting {
  const { clusterIP = '', ports = [] } = service.spec;
  const name = hostOf(service, clusterDomain);
  if (clusterIP === '') return { routes: [], names: [] };
  if (clusterIP === 'None') return { routes: [], names: [{ name, ips: [] }] };
  return {
    routes: ports.map(({ port }) => ({ ip: clusterIP, port, backends: [] })),
    names: [{ name, ips: [clusterIP] }],
  };
}

/** What the endpoints of one slice add to the Service. Pure. */
export function sliceRouting(service: Service, slice: EndpointSlice, clusterDomain: string): ServiceRouting {
  const { clusterIP = '', ports = [] } = service.spec;
  if (clusterIP === '') return { routes: [], names: [] };
  const ready = (slice.endpoints ?? []).filter(isReady);
  if (clusterIP === 'None') return { routes: [], names: headlessNames(hostOf(service, clusterDomain), ready) };
  const routes = ports.flatMap((port): Route[] => {
    const target = (slice.ports ?? []).find((candidate) => (candidate.name ?? '') === (port.name ?? ''))?.port;
    if (target === undefined) return [];
    const backends = ready.flatMap(({ addresses }) => addresses.map((ip) => ({ ip, port: target })));
    return [{ ip: clusterIP, port: port.port, backends }];
  });
  return { routes, names: [] };
}

type Endpoint = NonNullable<EndpointSlice['endpoints']>[number];

/** The Service's name leads to all Pods, and each Pod with a hostname has a name of its own. */
function headlessNames(host: string, ready: readonly Endpoint[]): readonly NameRecord[] {
  const names: NameRecord[] = [{ name: host, ips: [...new Set(ready.flatMap(({ addresses }) => addresses))].sort() }];
  for (const { hostname = '', addresses } of ready) {
    if (hostname !== '') names.push({ name: `${hostname}.${host}`, ips: addresses });
  }
  return names;
}

function hostOf({ metadata: { name, namespace = '' } }: Service, clusterDomain: string): string {
  return `${name}.${namespace}.svc.${clusterDomain}`;
}

function isReady(endpoint: Endpoint): boolean {
  return endpoint.conditions?.ready !== false;
}
