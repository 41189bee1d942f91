import { EndpointSlice, isNotFound, keyOf, labelsMatcher, Node, Pod, Service, type Stored } from '@orrery/api';
import { type Cache, type Controller, defineController, ownedBy, type WatchSource } from '@orrery/core';
import { isNamespaceTerminating } from '../workload/pod-control.ts';
import { podsByLabel, podsWithLabels } from '../workload/pod-label-index.ts';
import { hasManagedEndpoints } from './service-ports.ts';
import { isManaged, sliceChanges } from './slices.ts';

const zoneLabel = 'topology.kubernetes.io/zone';

/** Keeps the EndpointSlices of every Service that selects Pods (Kubernetes "EndpointSlices"). */
export function endpointSliceController(): Controller {
  return defineController({
    name: 'endpointslice-controller',
    for: Service,
    owns: [EndpointSlice],
    watches: [podsOfServices],
    reads: [Node],
    indexes: [podsByLabel],
    async reconcile(service, { client, cache }) {
      if (service.metadata.deletionTimestamp !== undefined || !hasManagedEndpoints(service)) return;
      const existing = cache
        .list(ownedBy(EndpointSlice, service.metadata.uid))
        .filter((slice) => isManaged(slice) && slice.metadata.deletionTimestamp === undefined);
      const changes = sliceChanges(service, podsOf(service, cache), existing, (node) => zoneOf(node, cache));
      for (const slice of changes.update) await client.update<EndpointSlice>(slice);
      for (const slice of changes.create) {
        try {
          await client.create<EndpointSlice>(slice);
        } catch (error) {
          if (!isNamespaceTerminating(error)) throw error;
        }
      }
      for (const slice of changes.delete) {
        try {
          await client.delete(EndpointSlice, keyOf(slice), { preconditions: { uid: slice.metadata.uid } });
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
      }
    },
  });
}

/** The Pods that a Service selects. */
export function podsOf({ metadata, spec }: Stored<Service>, cache: Cache): readonly Stored<Pod>[] {
  return podsWithLabels(cache, metadata.namespace ?? '', spec.selector ?? {});
}

/** A Pod concerns the Services that select it, or did before. */
export const podsOfServices: WatchSource<Pod> = {
  kind: Pod,
  map(pod, { cache, previous }) {
    if (previous !== undefined && sameForEndpoints(pod, previous)) return [];
    const namespace = pod.metadata.namespace ?? '';
    return cache
      .list(Service, { namespace })
      .filter(({ spec }) => {
        const matcher = labelsMatcher(spec.selector);
        if (matcher.requirements.length === 0) return false;
        return matcher.matches(pod.metadata.labels) || matcher.matches(previous?.metadata.labels);
      })
      .map(keyOf);
  },
};

/** Whether nothing changed that endpoints show: most status changes of a Pod are of no concern. */
function sameForEndpoints(a: Stored<Pod>, b: Stored<Pod>): boolean {
  const ready = (pod: Pod) => pod.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  return (
    a.spec === b.spec &&
    a.metadata.labels === b.metadata.labels &&
    a.metadata.deletionTimestamp === b.metadata.deletionTimestamp &&
    a.metadata.uid === b.metadata.uid &&
    a.status?.phase === b.status?.phase &&
    a.status?.podIP === b.status?.podIP &&
    ready(a) === ready(b)
  );
}

function zoneOf(node: string, cache: Cache): string | undefined {
  return cache.get(Node, node)?.metadata.labels?.[zoneLabel];
}
