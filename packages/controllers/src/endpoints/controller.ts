import { Endpoints, equalJson, isNotFound, keyOf, Service } from '@orrery/api';
import { type Controller, defineController } from '@orrery/core';
import { podsOf, podsOfServices } from '../endpointslice/controller.ts';
import { hasManagedEndpoints } from '../endpointslice/service-ports.ts';
import { isHeadless } from '../endpointslice/slices.ts';
import { isNamespaceTerminating } from '../workload/pod-control.ts';
import { podsByLabel } from '../workload/pod-label-index.ts';
import { endpointSubsets, overCapacityAnnotation } from './subsets.ts';

type Texts = { [key: string]: string };

const headlessLabel = 'service.kubernetes.io/headless';

/** Keeps the Endpoints object of every Service that selects Pods: the older form of EndpointSlices. */
export function endpointsController(): Controller {
  return defineController({
    name: 'endpoint-controller',
    for: Service,
    watches: [podsOfServices, Endpoints],
    indexes: [podsByLabel],
    async reconcile(service, { client, cache }) {
      if (service.metadata.deletionTimestamp !== undefined || !hasManagedEndpoints(service)) return;
      const { subsets, truncated } = endpointSubsets(service, podsOf(service, cache));
      const labels: Texts = { ...service.metadata.labels, ...(isHeadless(service) ? { [headlessLabel]: '' } : {}) };
      const annotations: Texts = truncated ? { [overCapacityAnnotation]: 'truncated' } : {};
      const key = keyOf(service);
      const current = cache.get(Endpoints, key);
      if (current === undefined) {
        const metadata = { ...key, labels, annotations };
        try {
          await client.create<Endpoints>({ apiVersion: 'v1', kind: 'Endpoints', metadata, subsets });
        } catch (error) {
          if (!isNamespaceTerminating(error)) throw error;
        }
        return;
      }
      const { [overCapacityAnnotation]: _, ...kept } = current.metadata.annotations ?? {};
      const metadata = { ...current.metadata, labels, annotations: { ...kept, ...annotations } };
      const isSame =
        equalJson(current.subsets ?? [], subsets) &&
        equalJson(current.metadata.labels ?? {}, labels) &&
        equalJson(current.metadata.annotations ?? {}, metadata.annotations);
      if (!isSame) await client.update<Endpoints>({ ...current, metadata, subsets });
    },
    async deleted(key, { client, cache }) {
      const left = cache.get(Endpoints, key);
      if (left === undefined) return;
      try {
        await client.delete(Endpoints, key, { preconditions: { uid: left.metadata.uid } });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    },
  });
}
