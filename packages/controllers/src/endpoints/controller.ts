import { Endpoints, equalJson, isNotFound, keyOf, keyString, Service, type Stored } from '@orrery/api';
import { type Cache, type Controller, defineController, PerCache } from '@orrery/core';
import { servicePods } from '../endpointslice/service-pods.ts';
import { hasManagedEndpoints } from '../endpointslice/service-ports.ts';
import { isHeadless } from '../endpointslice/slices.ts';
import { isNamespaceTerminating } from '../workload/pod-control.ts';
import type { SelectedPods } from '../workload/selected-pods.ts';
import { AddressBook } from './address-book.ts';
import { overCapacityAnnotation } from './subsets.ts';

type Texts = { [key: string]: string };

const headlessLabel = 'service.kubernetes.io/headless';

/** Keeps the Endpoints object of every Service that selects Pods: the older form of EndpointSlices. */
export function endpointsController(): Controller {
  const pods = servicePods();
  const books = new PerCache<AddressBook>();
  return defineController({
    name: 'endpoint-controller',
    for: Service,
    priority: 'low',
    watches: [pods.source, Endpoints],
    indexes: pods.indexes,
    async reconcile(service, { client, cache }) {
      const book = bookOf(service, cache, pods, books);
      if (book === undefined) return;
      const { subsets, truncated } = book.subsets();
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
      pods.forget(cache, keyString(key));
      books.of(cache).delete(keyString(key));
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

/** The Service's addresses as they are now. All Pods are asked for theirs only if the Service is another than last time. */
function bookOf(
  service: Stored<Service>,
  cache: Cache,
  pods: SelectedPods<Service>,
  books: PerCache<AddressBook>,
): AddressBook | undefined {
  const key = keyString(keyOf(service));
  const kept = books.of(cache);
  const changed = pods.take(cache, service);
  if (service.metadata.deletionTimestamp !== undefined || !hasManagedEndpoints(service)) {
    kept.delete(key);
    return undefined;
  }
  const before = kept.get(key);
  if (before?.service.spec === service.spec && before.service.metadata.uid === service.metadata.uid) {
    for (const [uid, pod] of changed) before.set(uid, pod);
    return before;
  }
  const book = new AddressBook(service, pods.all(cache, service));
  kept.set(key, book);
  return book;
}
