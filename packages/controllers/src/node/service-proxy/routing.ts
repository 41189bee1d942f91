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

/** What a network needs to know of one Service. */
export interface ServiceRouting {
  readonly routes: readonly Route[];
  readonly names: readonly NameRecord[];
}

/** What a node's proxy and the cluster's DNS make of a Service and its endpoints. Pure. */
export function serviceRouting(
  service: Service,
  slices: readonly EndpointSlice[],
  clusterDomain: string,
): ServiceRouting {
  const { name, namespace = '' } = service.metadata;
  const host = `${name}.${namespace}.svc.${clusterDomain}`;
  const { clusterIP = '', ports = [] } = service.spec;
  if (clusterIP === '' || clusterIP === 'None') {
    const ready = slices.flatMap((slice) => (slice.endpoints ?? []).filter(isReady));
    const names: NameRecord[] = [{ name: host, ips: [...new Set(ready.flatMap(({ addresses }) => addresses))].sort() }];
    for (const endpoint of ready) {
      if ((endpoint.hostname ?? '') !== '')
        names.push({ name: `${endpoint.hostname}.${host}`, ips: endpoint.addresses });
    }
    return { routes: [], names: clusterIP === 'None' ? names : [] };
  }
  const routes = ports.map((port): Route => {
    const backends: NetworkEndpoint[] = [];
    for (const slice of slices) {
      const target = (slice.ports ?? []).find((candidate) => (candidate.name ?? '') === (port.name ?? ''));
      if (target?.port === undefined) continue;
      for (const endpoint of slice.endpoints ?? []) {
        if (!isReady(endpoint)) continue;
        for (const ip of endpoint.addresses) backends.push({ ip, port: target.port });
      }
    }
    return { ip: clusterIP, port: port.port, backends };
  });
  return { routes, names: [{ name: host, ips: [clusterIP] }] };
}

function isReady(endpoint: NonNullable<EndpointSlice['endpoints']>[number]): boolean {
  return endpoint.conditions?.ready !== false;
}
