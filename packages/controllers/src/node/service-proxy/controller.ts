import { EndpointSlice, keyString, Service, type Stored } from '@orrery/api';
import { type Controller, defineController } from '@orrery/core';
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
const serviceIndex = 'service';

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

  const controller = defineController({
    name: 'service-proxy',
    for: Service,
    watches: [
      {
        kind: EndpointSlice,
        map: (slice) => {
          const name = slice.metadata.labels?.[serviceNameLabel];
          return name === undefined ? [] : [{ namespace: slice.metadata.namespace ?? '', name }];
        },
      },
    ],
    reconcile: (service, { cache }) => {
      const key = keyString({ namespace: service.metadata.namespace ?? '', name: service.metadata.name });
      const slices = cache.list(EndpointSlice, { index: { name: serviceIndex, value: key } });
      write(key, serviceRouting(service, slices, clusterDomain));
    },
    deleted: (key) => write(keyString(key), { routes: [], names: [] }),
  });
  return {
    ...controller,
    start: (context) => {
      context.cache.addIndex(EndpointSlice, serviceIndex, (slice: Stored<EndpointSlice>) => {
        const name = slice.metadata.labels?.[serviceNameLabel];
        return name === undefined ? [] : [keyString({ namespace: slice.metadata.namespace ?? '', name })];
      });
      return controller.start(context);
    },
  };
}
