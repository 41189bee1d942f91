import { EndpointSlice, keyOf, keyString, type ObjectKey, Service, type Stored } from '@orrery/api';
import { type Cache, type Controller, defineController, defineIndex, PerCache } from '@orrery/core';
import type { ServiceNetwork } from '@orrery/runtimes';
import { ProgrammedNetwork } from './programmed-network.ts';
import { serviceRouting, sliceRouting } from './routing.ts';

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

/**
 * Makes Services reachable by address and name on the machines' network: the part of kube-proxy and of the cluster's DNS
 * (Kubernetes "Virtual IPs and Service Proxies"). Where only slices of a Service have changed, only these are programmed. A
 * network that fails is programmed again.
 */
export function createServiceProxy({ network, clusterDomain = 'cluster.local' }: ServiceProxyOptions): Controller {
  const programmed = new ProgrammedNetwork(network);
  /** Names of slices that have changed, by the key of their Service. */
  const changed = new PerCache<Set<string>>();
  /** Services of which the network has everything but these slices. */
  const settled = new PerCache<Stored<Service>>();
  return defineController({
    name: 'service-proxy',
    for: Service,
    watches: [
      {
        kind: EndpointSlice,
        map(slice, { cache, previous }) {
          const services = [slice, ...(previous === undefined ? [] : [previous])].flatMap(
            (one) => serviceOf(one) ?? [],
          );
          const keys = [...new Set(services.map(keyString))];
          for (const key of keys) {
            const names = changed.of(cache).get(key) ?? new Set();
            changed.of(cache).set(key, names.add(slice.metadata.name));
          }
          return keys;
        },
      },
    ],
    indexes: [slicesByService],
    async reconcile(service, { cache }) {
      const key = keyString(keyOf(service));
      const slices = changed.of(cache).get(key) ?? new Set();
      changed.of(cache).delete(key);
      const before = settled.of(cache).get(key);
      // Until the network has all of it.
      settled.of(cache).delete(key);
      if (before?.spec !== service.spec) {
        for (const { metadata } of cache.list(slicesByService.at(key))) slices.add(metadata.name);
        for (const name of programmed.slicesOf(key)) slices.add(name);
        await programmed.writeService(key, serviceRouting(service, clusterDomain));
      }
      for (const name of slices) {
        const slice = sliceOf(service, name, cache);
        await programmed.writeSlice(key, name, slice && sliceRouting(service, slice, clusterDomain));
      }
      settled.of(cache).set(key, service);
    },
    async deleted(key, { cache }) {
      changed.of(cache).delete(keyString(key));
      settled.of(cache).delete(keyString(key));
      await programmed.remove(keyString(key));
    },
  });
}

/** The slice of that name, if it is the Service's. */
function sliceOf({ metadata }: Stored<Service>, name: string, cache: Cache): Stored<EndpointSlice> | undefined {
  const { namespace = '' } = metadata;
  const slice = cache.get(EndpointSlice, { namespace, name });
  return slice !== undefined && serviceOf(slice)?.name === metadata.name ? slice : undefined;
}

/** The Service whose endpoints a slice has. */
function serviceOf({ metadata }: Stored): ObjectKey | undefined {
  const name = metadata.labels?.[serviceNameLabel];
  return name === undefined ? undefined : { namespace: metadata.namespace ?? '', name };
}
