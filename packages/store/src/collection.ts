import { type KubernetesObject, keyString, membership, type ObjectKey, SortedObjects, type Stored } from '@orrery/api';
import { History } from './history.ts';
import type { HistoryBudget } from './history-budget.ts';
import { type IndexValues, type StoreEvent, Watchers } from './watchers.ts';

/** An event, and its number in the history. */
export interface NumberedEvent {
  readonly event: StoreEvent;
  readonly number: number;
}

const none: readonly Stored[] = Object.freeze([]);

/** All objects of one resource, as of the latest change seen, with their indexes, history and watchers. */
export class CollectionState {
  readonly history: History;
  readonly watchers: Watchers;
  readonly indexes: ReadonlyMap<string, IndexValues>;
  readonly #objects = new SortedObjects();
  readonly #indexed = new Map<string, Map<string, SortedObjects>>();
  #revision: number;
  /** The latest answer of {@link listAt}. */
  #past:
    | { readonly revision: number; readonly namespace: string; readonly objects: WeakRef<readonly Stored[]> }
    | undefined;

  constructor(indexes: ReadonlyMap<string, IndexValues>, historySize: number, revision: number, budget: HistoryBudget) {
    this.indexes = indexes;
    for (const name of indexes.keys()) this.#indexed.set(name, new Map());
    this.history = new History(historySize, revision, budget);
    this.watchers = new Watchers(indexes);
    this.#revision = revision;
  }

  get size(): number {
    return this.#objects.size;
  }

  /** Revision of the collection's latest change, or the revision that it was loaded at. */
  get revision(): number {
    return this.#revision;
  }

  get(key: ObjectKey): Stored | undefined {
    return this.#objects.get(keyString(key));
  }

  /** In key order: `namespace/name`, byte by byte. */
  list(namespace?: string): readonly Stored[] {
    return namespace === undefined || namespace === '' ? this.#objects.list() : this.#objects.under(`${namespace}/`);
  }

  /** Objects that the index files under the value, in key order. */
  indexed(name: string, value: string): readonly Stored[] {
    return this.#indexed.get(name)?.get(value)?.list() ?? none;
  }

  /**
   * The collection as of a revision that the history still reaches, in key order. Whoever lists in pages asks for the same one
   * again and again: as long as nobody asks for another and memory is not short, it is made once.
   */
  listAt(revision: number, namespace = ''): readonly Stored[] {
    const past = this.#past;
    const known = past?.revision === revision && past.namespace === namespace ? past.objects.deref() : undefined;
    if (known !== undefined) return known;
    const objects = this.#asOf(revision, namespace);
    this.#past = { revision, namespace, objects: new WeakRef(objects) };
    return objects;
  }

  #asOf(revision: number, namespace: string): readonly Stored[] {
    const { history } = this;
    const first = history.numberAt(revision) + 1;
    if (first > history.last) return this.list(namespace);
    const before = new Map<string, Stored | undefined>();
    for (let number = first; number <= history.last; number++) {
      const event = history.at(number) as StoreEvent;
      const id = storageKey(event.object);
      if (!before.has(id)) before.set(id, event.previous);
    }
    const all = this.#objects.with(before);
    return namespace === '' ? all : all.filter((object) => object.metadata.namespace === namespace);
  }

  /** Loads an object that existed before the store was opened. */
  load(object: Stored): void {
    this.#put(storageKey(object), object, undefined);
  }

  /** Applies one change. Returns the event that {@link notify} delivers to watchers; undefined if it changes nothing. */
  apply(object: Stored, deleted: boolean, revision: number): NumberedEvent | undefined {
    const id = storageKey(object);
    const previous = this.#objects.get(id);
    if (deleted && previous === undefined) return undefined;
    this.#revision = revision;
    if (deleted) this.#remove(id, previous as Stored);
    else this.#put(id, object, previous);
    const event: StoreEvent =
      previous === undefined
        ? { type: 'added', revision, object }
        : { type: deleted ? 'deleted' : 'modified', revision, object, previous };
    this.history.add(event);
    return { event, number: this.history.last };
  }

  notify({ event, number }: NumberedEvent): void {
    this.watchers.notify(event, number);
  }

  /** The event of that revision about the object, if it is still in the history. */
  eventAt(revision: number, key: ObjectKey): StoreEvent | undefined {
    const latest = this.history.at(this.history.last);
    if (latest?.revision === revision && isAt(latest.object, key)) return latest;
    for (let number = this.history.numberAt(revision); ; number--) {
      const event = this.history.at(number);
      if (event === undefined || event.revision < revision) return undefined;
      if (isAt(event.object, key)) return event;
    }
  }

  #put(id: string, object: Stored, previous: Stored | undefined): void {
    this.#objects.set(id, object);
    this.#reindex(id, object, previous);
  }

  #remove(id: string, previous: Stored): void {
    this.#objects.delete(id);
    this.#reindex(id, undefined, previous);
  }

  #reindex(id: string, object: Stored | undefined, previous: Stored | undefined): void {
    for (const [name, values] of this.indexes) {
      const index = this.#indexed.get(name) as Map<string, SortedObjects>;
      const now = object === undefined ? [] : values(object);
      const isNow = membership(now);
      if (previous !== undefined) {
        for (const value of values(previous)) {
          if (isNow(value)) continue;
          const bucket = index.get(value);
          if (bucket === undefined) continue;
          bucket.delete(id);
          if (bucket.size === 0) index.delete(value);
        }
      }
      for (const value of now) {
        let bucket = index.get(value);
        if (bucket === undefined) {
          bucket = new SortedObjects();
          index.set(value, bucket);
        }
        bucket.set(id, object as Stored);
      }
    }
  }
}

function isAt({ metadata }: Stored, key: ObjectKey): boolean {
  return metadata.name === key.name && (metadata.namespace ?? '') === key.namespace;
}

/** The sort key of lists: Kubernetes' storage key without the resource's prefix. */
function storageKey(object: KubernetesObject): string {
  const { namespace = '', name = '' } = object.metadata ?? {};
  return namespace === '' ? name : `${namespace}/${name}`;
}
