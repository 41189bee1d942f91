import { EndpointSlice, keyOf, keyString, type ObjectKey, Service, type Stored } from '@orrery/api';
import { type Controller, defineController, defineIndex } from '@orrery/core';
import type { ServiceNetwork } from '@orrery/runtimes';
import { type ServiceRouting, serviceRouting } from './routing.ts';

export interface ServiceProxyOptions {
  /** The network that it programs. */
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

const nothing: ServiceRouting = { routes: [], names: [] };

/**
 * Makes Services reachable by address and name on the machines' network: the part of kube-proxy and of the cluster's DNS
 * (Kubernetes "Virtual IPs and Service Proxies"). A network that fails is programmed again.
 */
export function createServiceProxy({ network, clusterDomain = 'cluster.local' }: ServiceProxyOptions): Controller {
  /** What the network may have of each Service, to be removed when it changes. */
  const written = new Map<string, ServiceRouting>();

  const write = async (key: string, next: ServiceRouting) => {
    const stale = outdated(written.get(key) ?? nothing, next);
    // If the network fails halfway, it has parts of both.
    written.set(key, { routes: [...stale.routes, ...next.routes], names: [...stale.names, ...next.names] });
    for (const { ip, port } of stale.routes) await network.routes.delete(ip, port);
    for (const { name } of stale.names) await network.names.delete(name);
    for (const { ip, port, backends } of next.routes) await network.routes.set(ip, port, backends);
    for (const { name, ips } of next.names) await network.names.set(name, ips);
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
      return write(key, serviceRouting(service, cache.list(slicesByService.at(key)), clusterDomain));
    },
    deleted: (key) => write(keyString(key), nothing),
  });
}

/** The Service whose endpoints a slice has. */
function serviceOf({ metadata }: Stored): ObjectKey | undefined {
  const name = metadata.labels?.[serviceNameLabel];
  return name === undefined ? undefined : { namespace: metadata.namespace ?? '', name };
}

/** The routes and names that are not in `next`. */
function outdated(before: ServiceRouting, next: ServiceRouting): ServiceRouting {
  return {
    routes: before.routes.filter(({ ip, port }) => !next.routes.some((one) => one.ip === ip && one.port === port)),
    names: before.names.filter(({ name }) => !next.names.some((one) => one.name === name)),
  };
}
