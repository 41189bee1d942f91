import { type KubernetesObject, membership, type Stored } from '@orrery/api';

/** A change of one collection. `previous` is the object before (absent when it is new). */
export interface StoreEvent<T extends KubernetesObject = KubernetesObject> {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly revision: number;
  /** The object now; for a deletion its last state, at the deletion's revision. */
  readonly object: Stored<T>;
  readonly previous?: Stored<T>;
}

/** What a watcher watches. Watchers are indexed by it, so that an event reaches only those that it may concern. */
export interface WatchScope {
  readonly namespace?: string;
  readonly name?: string;
  /** An index of the collection and the value watched for. */
  readonly index?: { readonly name: string; readonly value: string };
}

/** Values that an object is filed under. */
export type IndexValues = (object: Stored) => readonly string[];

/** Whether an event may concern a watcher of that scope. */
export function concerns(scope: WatchScope, event: StoreEvent, indexes: ReadonlyMap<string, IndexValues>): boolean {
  const { namespace = '', name } = event.object.metadata;
  if (scope.name !== undefined && scope.name !== name) return false;
  if (scope.namespace !== undefined && scope.namespace !== '' && scope.namespace !== namespace) return false;
  if (scope.index === undefined) return true;
  const values = indexes.get(scope.index.name);
  if (values === undefined) return true;
  const { value } = scope.index;
  return (
    values(event.object).includes(value) || (event.previous !== undefined && values(event.previous).includes(value))
  );
}

interface Watcher {
  /** Conditions that an event must meet besides its bucket's. */
  readonly rest: WatchScope | undefined;
  readonly listener: (event: StoreEvent) => void;
  /** Events up to this number have reached the watcher another way. */
  readonly after: number;
}

type Bucket = Set<Watcher>;

/** The watchers of one collection, found by index: an event never visits a watcher that it cannot concern. */
export class Watchers {
  readonly #indexes: ReadonlyMap<string, IndexValues>;
  readonly #everything: Bucket = new Set();
  readonly #byNamespace = new Map<string, Bucket>();
  readonly #byName = new Map<string, Bucket>();
  readonly #byIndex = new Map<string, Map<string, Bucket>>();

  constructor(indexes: ReadonlyMap<string, IndexValues>) {
    this.#indexes = indexes;
  }

  /** Delivers events with a number greater than `after` to the listener, until the returned function is called. */
  add(scope: WatchScope, after: number, listener: (event: StoreEvent) => void): () => void {
    const [buckets, id] = this.#bucketsOf(scope);
    const parts = [scope.namespace || undefined, scope.name, scope.index].filter((part) => part !== undefined);
    const watcher: Watcher = { rest: parts.length > 1 ? scope : undefined, listener, after };
    if (buckets === undefined) {
      this.#everything.add(watcher);
      return () => this.#everything.delete(watcher);
    }
    let bucket = buckets.get(id);
    if (bucket === undefined) {
      bucket = new Set();
      buckets.set(id, bucket);
    }
    bucket.add(watcher);
    return () => {
      bucket.delete(watcher);
      if (bucket.size === 0 && buckets.get(id) === bucket) buckets.delete(id);
    };
  }

  notify(event: StoreEvent, number: number): void {
    if (this.#everything.size > 0) this.#deliver(this.#everything, event, number);
    const { namespace = '', name } = event.object.metadata;
    if (this.#byNamespace.size > 0) this.#deliver(this.#byNamespace.get(namespace), event, number);
    if (this.#byName.size > 0) this.#deliver(this.#byName.get(name), event, number);
    for (const [index, buckets] of this.#byIndex) {
      if (buckets.size === 0) continue;
      const values = this.#indexes.get(index) as IndexValues;
      const now = values(event.object);
      const isNow = membership(now);
      for (const value of now) this.#deliver(buckets.get(value), event, number);
      if (event.previous === undefined) continue;
      for (const value of values(event.previous)) {
        if (!isNow(value)) this.#deliver(buckets.get(value), event, number);
      }
    }
  }

  #deliver(bucket: Bucket | undefined, event: StoreEvent, number: number): void {
    if (bucket === undefined) return;
    for (const { rest, listener, after } of bucket) {
      if (number > after && (rest === undefined || concerns(rest, event, this.#indexes))) listener(event);
    }
  }

  /** The buckets of a scope's watchers: those of its narrowest part that events can be looked up by. */
  #bucketsOf({ namespace = '', name, index }: WatchScope): readonly [Map<string, Bucket> | undefined, string] {
    if (name !== undefined) return [this.#byName, name];
    if (index !== undefined && this.#indexes.has(index.name)) {
      let buckets = this.#byIndex.get(index.name);
      if (buckets === undefined) {
        buckets = new Map();
        this.#byIndex.set(index.name, buckets);
      }
      return [buckets, index.value];
    }
    return namespace === '' ? [undefined, ''] : [this.#byNamespace, namespace];
  }
}
