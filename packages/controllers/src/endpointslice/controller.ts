import { EndpointSlice, isNotFound, keyOf, keyString, Node, Service, type Stored } from '@orrery/api';
import { type Cache, type Client, type Controller, defineController, PerCache, type WatchSource } from '@orrery/core';
import { podsByNode } from '../node-lifecycle/pods-by-node.ts';
import { isNamespaceTerminating } from '../workload/pod-control.ts';
import type { ChangedPods, SelectedPods } from '../workload/selected-pods.ts';
import { servicePods } from './service-pods.ts';
import { hasManagedEndpoints } from './service-ports.ts';
import { revisionOf, type SliceVersion, slicesOfService } from './slice-book.ts';
import { sliceUpdates } from './slice-updates.ts';
import { type SliceChanges, sliceChanges } from './slices.ts';

const zoneLabel = 'topology.kubernetes.io/zone';

/** A Service as its slices were last brought up to date with, and these slices. */
interface Synced {
  readonly service: Stored<Service>;
  readonly slices: SliceVersion;
}

/**
 * Keeps the EndpointSlices of every Service that selects Pods (Kubernetes "EndpointSlices"). Where only Pods have changed since
 * the last time, only they are looked at; all are when the Service was changed, or its slices by somebody else.
 */
export function endpointSliceController(): Controller {
  const pods = servicePods();
  const synced = new PerCache<Synced>();
  return defineController({
    name: 'endpointslice-controller',
    for: Service,
    priority: 'low',
    owns: [EndpointSlice],
    watches: [pods.source, zonesOf(pods)],
    indexes: [...pods.indexes, slicesOfService, podsByNode],
    async reconcile(service, { client, cache }) {
      const key = keyString(keyOf(service));
      const changed = pods.take(cache, service);
      const before = synced.of(cache).get(key);
      // Until it is known that all went well.
      synced.of(cache).delete(key);
      if (service.metadata.deletionTimestamp !== undefined || !hasManagedEndpoints(service)) return;
      const version = versionOf(cache, service);
      const changes =
        updatesSince(before, service, changed, cache) ??
        sliceChanges(service, pods.all(cache, service), slicesOf(cache, service), (node) => zoneOf(node, cache));
      const slices = await write(client, changes, version);
      if (slices !== undefined) synced.of(cache).set(key, { service, slices });
    },
    deleted(key, { cache }) {
      pods.forget(cache, keyString(key));
      synced.of(cache).delete(keyString(key));
    },
  });
}

/** The changes for those Pods alone; undefined where all Pods have to be looked at. */
function updatesSince(
  before: Synced | undefined,
  service: Stored<Service>,
  changed: ChangedPods,
  cache: Cache,
): SliceChanges | undefined {
  const book = cache.aggregate(slicesOfService.at(service.metadata.uid));
  if (before === undefined || book === undefined) return undefined;
  const { metadata, spec } = before.service;
  const isSame =
    metadata.uid === service.metadata.uid && metadata.labels === service.metadata.labels && spec === service.spec;
  const { count, revisions } = book.version;
  if (!isSame || count !== before.slices.count || revisions !== before.slices.revisions) return undefined;
  return sliceUpdates(service, changed, book, (node) => zoneOf(node, cache));
}

/** Returns the version of the Service's slices if there were no writes but these; undefined if some were in vain. */
async function write(client: Client, changes: SliceChanges, before: SliceVersion): Promise<SliceVersion | undefined> {
  let { count, revisions } = before;
  let inVain = false;
  for (const slice of changes.update) {
    const updated = await client.update<EndpointSlice>(slice);
    revisions += revisionOf(updated) - revisionOf(slice);
  }
  for (const slice of changes.create) {
    try {
      const created = await client.create<EndpointSlice>(slice);
      count++;
      revisions += revisionOf(created);
    } catch (error) {
      if (!isNamespaceTerminating(error)) throw error;
      inVain = true;
    }
  }
  for (const slice of changes.delete) {
    try {
      await client.delete(EndpointSlice, keyOf(slice), { preconditions: { uid: slice.metadata.uid } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    count--;
    revisions -= revisionOf(slice);
  }
  return inVain ? undefined : { count, revisions };
}

function slicesOf(cache: Cache, { metadata }: Stored<Service>): readonly Stored<EndpointSlice>[] {
  return cache.list(slicesOfService.at(metadata.uid));
}

function versionOf(cache: Cache, { metadata }: Stored<Service>): SliceVersion {
  return cache.aggregate(slicesOfService.at(metadata.uid))?.version ?? { count: 0, revisions: 0 };
}

/** A node that moved to another zone changes what the endpoints on it show, from the next change of their Service on. */
function zonesOf(pods: SelectedPods<Service>): WatchSource<Node> {
  return {
    kind: Node,
    when: (node, previous) => zoneIn(node) !== (previous === undefined ? undefined : zoneIn(previous)),
    map(node, { cache }) {
      for (const pod of cache.list(podsByNode.at(node.metadata.name))) pods.note(cache, pod);
      return [];
    },
  };
}

function zoneOf(node: string, cache: Cache): string | undefined {
  const found = cache.get(Node, node);
  return found === undefined ? undefined : zoneIn(found);
}

function zoneIn({ metadata }: Stored<Node>): string | undefined {
  return metadata.labels?.[zoneLabel];
}
