import { EndpointSlice, keyOf, keyString, type ObjectKey, Service, type Stored } from '@orrery/api';
import { type Controller, defineController, defineIndex } from '@orrery/core';
import { type NameRecord, type Route, serviceRouting } from './routing.ts';

/** Where the proxy writes: a network's table of service addresses and its names. */
export interface ServiceNetwork {
  readonly routes: {
    set(ip: string, port: number, endpoints: readonly { readonly ip: string; readonly port: number }[]): void;
    delete(ip: string, port: number): void;
  };
  readonly names: { set(name: string, ips: readonly string[]): void; delete(name: string): void };
}

export interface ServiceProxyOptions {
  readonly network: ServiceNetwork;
  /** Default `cluster.local`. */
  readonly clusterDomain?: string;
}

/** Label that ties an EndpointSlice to its Service. */
const serviceNameLabel = 'kubernetes.io/service-name';

/** EndpointSlices by the key of their Service. */
const slicesByService = defineIndex(EndpointSlice, (slice) => {
  const key = serviceOf(slice);
  return key === undefined ? [] : [keyString(key)];
});

/**
 * Makes Services reachable by address and name on a simulated network: the part of kube-proxy and of the cluster's DNS
 * (Kubernetes "Virtual IPs and Service Proxies").
 */
export function createServiceProxy({ network, clusterDomain = 'cluster.local' }: ServiceProxyOptions): Controller {
  /** What was written for each Service, to be taken back when it changes. */
  const written = new Map<string, { routes: readonly Route[]; names: readonly NameRecord[] }>();

  const write = (key: string, next: { routes: readonly Route[]; names: readonly NameRecord[] }) => {
    const before = written.get(key);
    for (const { ip, port } of before?.routes ?? []) {
      if (!next.routes.some((route) => route.ip === ip && route.port === port)) network.routes.delete(ip, port);
    }
    for (const { name } of before?.names ?? []) {
      if (!next.names.some((record) => record.name === name)) network.names.delete(name);
    }
    for (const { ip, port, backends } of next.routes) network.routes.set(ip, port, backends);
    for (const { name, ips } of next.names) network.names.set(name, ips);
    if (next.routes.length + next.names.length === 0) written.delete(key);
    else written.set(key, next);
  };

  return defineController({
    name: 'service-proxy',
    for: Service,
    watches: [
      {
        kind: EndpointSlice,
        map: (slice) => {
          const key = serviceOf(slice);
          return key === undefined ? [] : [key];
        },
      },
    ],
    indexes: [slicesByService],
    reconcile: (service, { cache }) => {
      const key = keyString(keyOf(service));
      write(key, serviceRouting(service, cache.list(slicesByService.at(key)), clusterDomain));
    },
    deleted: (key) => write(keyString(key), { routes: [], names: [] }),
  });
}

/** The Service whose endpoints a slice has. */
function serviceOf({ metadata }: Stored): ObjectKey | undefined {
  const name = metadata.labels?.[serviceNameLabel];
  return name === undefined ? undefined : { namespace: metadata.namespace ?? '', name };
}
