import { type KubernetesObject, keyString, type ObjectKey, type Stored } from '@orrery/api';
import { History } from './history.ts';
import { type StoreEvent, Watchers } from './watchers.ts';

/** Values that an object is filed under. */
export type IndexValues = (object: Stored) => readonly string[];

/** All objects of one resource, as of the latest change seen, with their indexes, history and watchers. */
export class CollectionState {
  readonly history: History;
  readonly watchers: Watchers;
  readonly #objects = new Map<string, Stored>();
  readonly #namespaces = new Map<string, Map<string, Stored>>();
  readonly #indexes: ReadonlyMap<string, IndexValues>;
  readonly #indexed = new Map<string, Map<string, Map<string, Stored>>>();
  /** In key order; made when asked for, dropped when an object comes or goes. */
  #sorted: readonly Stored[] | undefined;
  readonly #sortedNamespaces = new Map<string, readonly Stored[]>();

  constructor(indexes: ReadonlyMap<string, IndexValues>, historySize: number, revision: number) {
    this.#indexes = indexes;
    for (const name of indexes.keys()) this.#indexed.set(name, new Map());
    this.history = new History(historySize, revision);
    this.watchers = new Watchers(indexes);
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: ObjectKey): Stored | undefined {
    return this.#objects.get(keyString(key));
  }

  /** In key order: by namespace, then name. */
  list(namespace?: string): readonly Stored[] {
    if (namespace === undefined || namespace === '') {
      this.#sorted ??= inKeyOrder(this.#objects.values());
      return this.#sorted;
    }
    let sorted = this.#sortedNamespaces.get(namespace);
    if (sorted === undefined) {
      sorted = inKeyOrder(this.#namespaces.get(namespace)?.values() ?? []);
      this.#sortedNamespaces.set(namespace, sorted);
    }
    return sorted;
  }

  hasIndex(name: string): boolean {
    return this.#indexes.has(name);
  }

  /** Objects that the index files under the value, in key order. */
  indexed(name: string, value: string): readonly Stored[] {
    return inKeyOrder(this.#indexed.get(name)?.get(value)?.values() ?? []);
  }

  /** The collection as it was at a revision that the history still reaches, in key order. */
  listAt(revision: number, namespace?: string): readonly Stored[] {
    const later = this.history.after(revision);
    if (later.length === 0) return this.list(namespace);
    const objects = new Map(this.#objects);
    for (const event of later.toReversed()) {
      const id = objectId(event.object);
      if (event.previous === undefined) objects.delete(id);
      else objects.set(id, event.previous);
    }
    const all = inKeyOrder(objects.values());
    return namespace === undefined || namespace === ''
      ? all
      : all.filter((object) => object.metadata.namespace === namespace);
  }

  /** Loads an object that was there before the store was opened. */
  load(object: Stored): void {
    this.#put(object, undefined);
  }

  /** Takes one change in: state first, then history, then watchers. */
  apply(object: Stored, deleted: boolean): void {
    const previous = this.#objects.get(objectId(object));
    if (deleted && previous === undefined) return;
    if (deleted) this.#remove(object, previous as Stored);
    else this.#put(object, previous);
    const event: StoreEvent = {
      type: deleted ? 'deleted' : previous === undefined ? 'added' : 'modified',
      revision: Number(object.metadata.resourceVersion),
      object,
      ...(previous === undefined ? {} : { previous }),
    };
    this.history.add(event);
    this.watchers.notify(event);
  }

  #put(object: Stored, previous: Stored | undefined): void {
    const id = objectId(object);
    const namespace = object.metadata.namespace ?? '';
    this.#objects.set(id, object);
    let siblings = this.#namespaces.get(namespace);
    if (siblings === undefined) {
      siblings = new Map();
      this.#namespaces.set(namespace, siblings);
    }
    siblings.set(id, object);
    // The order is that of keys, but the sorted arrays hold objects: both kinds of change make them stale.
    this.#sorted = undefined;
    this.#sortedNamespaces.delete(namespace);
    this.#reindex(id, object, previous);
  }

  #remove(object: Stored, previous: Stored): void {
    const id = objectId(object);
    const namespace = object.metadata.namespace ?? '';
    this.#objects.delete(id);
    const siblings = this.#namespaces.get(namespace);
    siblings?.delete(id);
    if (siblings?.size === 0) this.#namespaces.delete(namespace);
    this.#sorted = undefined;
    this.#sortedNamespaces.delete(namespace);
    this.#reindex(id, undefined, previous);
  }

  #reindex(id: string, object: Stored | undefined, previous: Stored | undefined): void {
    for (const [name, values] of this.#indexes) {
      const index = this.#indexed.get(name) as Map<string, Map<string, Stored>>;
      const now = object === undefined ? [] : values(object);
      if (previous !== undefined) {
        for (const value of values(previous)) {
          if (now.includes(value)) continue;
          const bucket = index.get(value);
          bucket?.delete(id);
          if (bucket?.size === 0) index.delete(value);
        }
      }
      for (const value of now) {
        let bucket = index.get(value);
        if (bucket === undefined) {
          bucket = new Map();
          index.set(value, bucket);
        }
        bucket.set(id, object as Stored);
      }
    }
  }
}

function objectId(object: KubernetesObject): string {
  const namespace = object.metadata?.namespace ?? '';
  return namespace === '' ? (object.metadata?.name ?? '') : `${namespace}/${object.metadata?.name}`;
}

function inKeyOrder(objects: Iterable<Stored>): readonly Stored[] {
  return [...objects].sort(byKey);
}

/** Kubernetes lists in the order of storage keys: namespace, then name, byte by byte. */
function byKey(a: Stored, b: Stored): number {
  const one = a.metadata.namespace ?? '';
  const other = b.metadata.namespace ?? '';
  if (one !== other) return one < other ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : a.metadata.name > b.metadata.name ? 1 : 0;
}
