import type { KubernetesObject, Stored } from '@orrery/api';

/** A change of one collection. `previous` is the object before (absent when it is new). */
export interface StoreEvent<T extends KubernetesObject = KubernetesObject> {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly revision: number;
  /** The object now; for a deletion its last state, at the deletion's revision. */
  readonly object: Stored<T>;
  readonly previous?: Stored<T>;
}

/** What a watcher is filed under, so that an event finds only the watchers that it may concern. */
export interface WatchScope {
  readonly namespace?: string;
  readonly name?: string;
  /** An index of the collection and the value watched for. */
  readonly index?: { readonly name: string; readonly value: string };
}

type Listener = (event: StoreEvent) => void;

/** The watchers of one collection, found by index: an event never asks a watcher that it cannot concern. */
export class Watchers {
  readonly #buckets = new Map<string, Set<Listener>>();
  readonly #indexes: ReadonlyMap<string, (object: Stored) => readonly string[]>;

  constructor(indexes: ReadonlyMap<string, (object: Stored) => readonly string[]>) {
    this.#indexes = indexes;
  }

  add(scope: WatchScope, listener: Listener): () => void {
    const id = bucketId(scope);
    let bucket = this.#buckets.get(id);
    if (bucket === undefined) {
      bucket = new Set();
      this.#buckets.set(id, bucket);
    }
    bucket.add(listener);
    return () => {
      bucket.delete(listener);
      if (bucket.size === 0 && this.#buckets.get(id) === bucket) this.#buckets.delete(id);
    };
  }

  notify(event: StoreEvent): void {
    if (this.#buckets.size === 0) return;
    const { namespace = '', name } = event.object.metadata;
    this.#tell('*', event);
    this.#tell(`n:${namespace}`, event);
    this.#tell(`o:${namespace}/${name}`, event);
    if (namespace !== '') this.#tell(`o:/${name}`, event);
    for (const [index, values] of this.#indexes) {
      const now = values(event.object);
      for (const value of now) this.#tell(`i:${index}=${value}`, event);
      if (event.previous === undefined) continue;
      for (const value of values(event.previous)) {
        if (!now.includes(value)) this.#tell(`i:${index}=${value}`, event);
      }
    }
  }

  #tell(bucket: string, event: StoreEvent): void {
    const listeners = this.#buckets.get(bucket);
    if (listeners === undefined) return;
    for (const listener of listeners) listener(event);
  }
}

function bucketId(scope: WatchScope): string {
  if (scope.name !== undefined) return `o:${scope.namespace ?? ''}/${scope.name}`;
  if (scope.index !== undefined) return `i:${scope.index.name}=${scope.index.value}`;
  return scope.namespace === undefined ? '*' : `n:${scope.namespace}`;
}
