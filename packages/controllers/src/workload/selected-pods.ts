import { type Kind, type KubernetesObject, keyOf, keyString, type LabelMatcher, Pod, type Stored } from '@orrery/api';
import { type Cache, type Index, type MapContext, PerCache, type WatchSource } from '@orrery/core';
import { podsByLabel, podsMatching } from './pod-label-index.ts';
import { indexBySelector, type SelectorIndex } from './selector-index.ts';

/** Pods that changed, by uid: the Pod as it is now if the object selects it, else undefined. */
export type ChangedPods = ReadonlyMap<string, Stored<Pod> | undefined>;

interface SelectedPodsOptions<T extends KubernetesObject> {
  readonly kind: Kind<T>;
  selector(object: Stored<T>): LabelMatcher;
  /** Whether two states of a Pod are the same to whoever asks: most changes of a Pod's status are of no concern. */
  isSame(a: Stored<Pod>, b: Stored<Pod>): boolean;
}

/**
 * Which Pods of each object that selects Pods have changed since it was last brought up to date, so that one changed Pod among ten
 * thousand is all that is looked at. What is known lasts as long as the cache that it was learnt from.
 */
export class SelectedPods<T extends KubernetesObject> {
  readonly #options: SelectedPodsOptions<T>;
  readonly #selectors: SelectorIndex<T>;
  /** By the key of the object: the keys of Pods by their uids. */
  readonly #changed = new PerCache<Map<string, string>>();

  /** To be declared by the controller. */
  readonly indexes: readonly Index[];

  /** Changes of Pods concern the objects that select them, or did before. */
  readonly source: WatchSource<Pod> = { kind: Pod, map: (pod, context) => this.#podChanged(pod, context) };

  constructor(options: SelectedPodsOptions<T>) {
    this.#options = options;
    this.#selectors = indexBySelector(options.kind, options.selector);
    this.indexes = [podsByLabel, this.#selectors.index];
  }

  /** The Pods that an object selects. */
  all(cache: Cache, object: Stored<T>): readonly Stored<Pod>[] {
    return podsMatching(cache, object.metadata.namespace ?? '', this.#options.selector(object));
  }

  /** The Pods that have changed since the last call, in the order of their keys. */
  take(cache: Cache, object: Stored<T>): ChangedPods {
    const key = keyString(keyOf(object));
    const changed = this.#changed.of(cache).get(key);
    const pods = new Map<string, Stored<Pod> | undefined>();
    if (changed === undefined) return pods;
    this.#changed.of(cache).delete(key);
    const matcher = this.#options.selector(object);
    for (const [uid, podKey] of [...changed].sort(([, a], [, b]) => (a < b ? -1 : 1))) {
      const pod = cache.get(Pod, podKey);
      pods.set(uid, pod?.metadata.uid === uid && matcher.matches(pod.metadata.labels) ? pod : undefined);
    }
    return pods;
  }

  /** The object is gone. */
  forget(cache: Cache, key: string): void {
    this.#changed.of(cache).delete(key);
  }

  /** Something about this Pod has changed, in itself or beside it. Returns the keys of the objects that select it. */
  note(cache: Cache, pod: Stored<Pod>, previous?: Stored<Pod>): readonly string[] {
    const { namespace = '', labels = {}, uid } = pod.metadata;
    const found = this.#selectors.selecting(cache, namespace, labels);
    const before = previous?.metadata.labels ?? labels;
    const former = before === labels ? [] : this.#selectors.selecting(cache, namespace, before);
    const keys = [...new Set([...found, ...former].map((object) => keyString(keyOf(object))))];
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
    if (!isGone && previous !== undefined && this.#options.isSame(pod, previous)) return [];
    return [...formerKeys, ...this.note(cache, pod, previous)];
  }
}
