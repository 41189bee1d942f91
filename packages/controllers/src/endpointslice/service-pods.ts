import { keyOf, keyString, labelSelectorMatcher, labelsMatcher, Pod, Service, type Stored } from '@orrery/api';
import { type Cache, type MapContext, PerCache, type WatchSource } from '@orrery/core';
import { podsByLabel, podsWithLabels } from '../workload/pod-label-index.ts';
import { indexBySelector } from '../workload/selector-index.ts';

/** Pods that changed, by uid: the Pod as it is now if the Service has it as a candidate, else undefined. */
export type ChangedPods = ReadonlyMap<string, Stored<Pod> | undefined>;

const services = indexBySelector(Service, ({ spec }) =>
  Object.keys(spec.selector ?? {}).length === 0 ? labelSelectorMatcher(undefined) : labelsMatcher(spec.selector),
);

/**
 * Which Pods of each Service have changed since its endpoints were last brought up to date, so that one changed Pod among ten
 * thousand is all that is looked at. What is known lasts as long as the cache that it was learnt from.
 */
export class ServicePods {
  /** By the key of the Service: the keys of Pods by their uids. */
  readonly #changed = new PerCache<Map<string, string>>();

  /** To be declared by the controller. */
  readonly indexes = [podsByLabel, services.index] as const;

  /** Changes of Pods concern the Services that select them, or did before. */
  readonly source: WatchSource<Pod> = { kind: Pod, map: (pod, context) => this.#podChanged(pod, context) };

  /** The Pods that a Service selects. */
  all(cache: Cache, { metadata, spec }: Stored<Service>): readonly Stored<Pod>[] {
    return podsWithLabels(cache, metadata.namespace ?? '', spec.selector ?? {});
  }

  /** The Pods of a Service that have changed since the last call, in the order of their keys. */
  take(cache: Cache, service: Stored<Service>): ChangedPods {
    const key = keyString(keyOf(service));
    const changed = this.#changed.of(cache).get(key) ?? new Map<string, string>();
    this.#changed.of(cache).delete(key);
    const matcher = labelsMatcher(service.spec.selector);
    const pods = new Map<string, Stored<Pod> | undefined>();
    for (const [uid, podKey] of [...changed].sort(([, a], [, b]) => (a < b ? -1 : 1))) {
      const pod = cache.get(Pod, podKey);
      pods.set(uid, pod?.metadata.uid === uid && matcher.matches(pod.metadata.labels) ? pod : undefined);
    }
    return pods;
  }

  /** The Service is gone. */
  forget(cache: Cache, key: string): void {
    this.#changed.of(cache).delete(key);
  }

  /** Something that the endpoints of this Pod show has changed, beside the Pod. Returns the keys of its Services. */
  note(cache: Cache, pod: Stored<Pod>, previous?: Stored<Pod>): readonly string[] {
    const { namespace = '', labels = {}, uid } = pod.metadata;
    const found = services.selecting(cache, namespace, labels);
    const before = previous?.metadata.labels ?? labels;
    const former = before === labels ? [] : services.selecting(cache, namespace, before);
    const keys = [...new Set([...found, ...former].map((service) => keyString(keyOf(service))))];
    const all = this.#changed.of(cache);
    for (const key of keys) {
      let changed = all.get(key);
      if (changed === undefined) {
        changed = new Map();
        all.set(key, changed);
      }
      changed.set(uid, keyString(keyOf(pod)));
    }
    return keys;
  }

  #podChanged(pod: Stored<Pod>, { cache, previous }: MapContext<Pod>): readonly string[] {
    const replaced = previous !== undefined && previous.metadata.uid !== pod.metadata.uid;
    const formerKeys = replaced ? this.note(cache, previous) : [];
    const isGone = cache.get(Pod, keyOf(pod)) === undefined;
    if (!isGone && previous !== undefined && sameForEndpoints(pod, previous)) return [];
    return [...formerKeys, ...this.note(cache, pod, previous)];
  }
}

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
