import { deepFreeze, type KubernetesObject, type ObjectKey, type ObjectMeta, type Stored } from '@orrery/api';
import { Observable, type Subscription } from 'rxjs';
import { CollectionState } from './collection.ts';
import { type Change, Compacted, type StorageEngine, type Write } from './engine.ts';
import { type Collection, engineKey, parseEngineKey } from './key.ts';
import { concerns, type IndexValues, type StoreEvent, type WatchScope } from './watchers.ts';

export interface ObjectStoreOptions {
  readonly engine: StorageEngine;
  /** Events kept per collection for watches that resume and lists of the recent past. Default 4,096. */
  readonly historySize?: number;
  /** Per collection, named indexes for lists and watches. */
  readonly indexes?: { readonly [collection: Collection]: { readonly [index: string]: IndexValues } };
}

/** The store no longer follows its engine: what it holds may be stale, so it gives nothing. */
export class StoreFailed extends Error {
  override readonly name = 'StoreFailed';
}

/** A list and the revision that it is a snapshot of. */
export interface Snapshot {
  readonly items: readonly Stored[];
  readonly revision: number;
}

/**
 * The observable object store: every object deeply frozen, one revision over all, each change one event. Reads are served
 * from memory and are synchronous; writes go to the engine by compare-and-swap and are done when their event was seen here.
 */
export interface ObjectStore {
  /** The latest revision seen. */
  readonly revision: number;
  get(collection: Collection, key: ObjectKey): Stored | undefined;
  list(
    collection: Collection,
    options?: { readonly namespace?: string; readonly index?: { readonly name: string; readonly value: string } },
  ): Snapshot;
  /** The collection as it was. @throws Compacted when the history no longer reaches there. */
  listAt(collection: Collection, revision: number, namespace?: string): Snapshot;
  hasIndex(collection: Collection, index: string): boolean;
  count(collection: Collection): number;
  /** Revision of the collection's latest change, as far as this store knows: what is derived from it is good until that moves. */
  changedAt(collection: Collection): number;
  /** @throws RevisionConflict if the object exists. */
  create(collection: Collection, object: KubernetesObject): Promise<Stored>;
  /** Replaces the object that is at `expected`. @throws RevisionConflict if it is not. */
  update(collection: Collection, object: KubernetesObject, expected: number): Promise<Stored>;
  /** Deletes the object that is at `expected`; gives its last state, at the deletion's revision. @throws RevisionConflict */
  delete(collection: Collection, key: ObjectKey, expected: number): Promise<Stored>;
  /** Events later than `after`, ordered and gapless. Errors with Compacted when that history is gone. */
  watch(collection: Collection, scope: WatchScope, after: number): Observable<StoreEvent>;
  /** Forgets the history up to the revision. */
  compact(revision: number): Promise<void>;
  /** Ends all watches and closes the engine. */
  close(): Promise<void>;
}

/** Opens a store on an engine: loads what is there and follows it. */
export async function openObjectStore(options: ObjectStoreOptions): Promise<ObjectStore> {
  const store = new EngineBackedStore(options);
  await store.open();
  return store;
}

const noIndexes: ReadonlyMap<string, IndexValues> = new Map();

interface AwaitedWrite {
  readonly resolve: (object: Stored) => void;
  readonly reject: (error: unknown) => void;
}

class EngineBackedStore implements ObjectStore {
  readonly #engine: StorageEngine;
  readonly #historySize: number;
  readonly #indexes: ReadonlyMap<Collection, ReadonlyMap<string, IndexValues>>;
  readonly #collections = new Map<Collection, CollectionState>();
  /** What ends each watch. */
  readonly #watches = new Set<() => void>();
  /** Commits that the engine has answered and whose event has not come by yet, by revision. */
  readonly #awaited = new Map<number, AwaitedWrite>();
  /** Nothing is known of changes up to this revision. */
  #oldest = 0;
  #revision = 0;
  #following: Subscription | undefined;
  #failure: Error | undefined;

  constructor(options: ObjectStoreOptions) {
    this.#engine = options.engine;
    this.#historySize = options.historySize ?? 4096;
    this.#indexes = new Map(
      Object.entries(options.indexes ?? {}).map(([name, indexes]) => [name, new Map(Object.entries(indexes))]),
    );
  }

  async open(): Promise<void> {
    const { entries, revision } = await this.#engine.range('/');
    this.#revision = revision;
    this.#oldest = revision;
    for (const entry of entries)
      this.#collection(parseEngineKey(entry.key).collection).load(stamped(entry.value, entry.revision));
    this.#following = this.#engine.watch('/', revision).subscribe({
      next: (change) => this.#follow(change),
      error: (error: unknown) => this.#fail(new StoreFailed('the storage engine ended its watch', { cause: error })),
      complete: () => this.#fail(new StoreFailed('the storage engine is closed')),
    });
  }

  get revision(): number {
    return this.#revision;
  }

  get(collection: Collection, key: ObjectKey): Stored | undefined {
    this.#checkFresh();
    return this.#collections.get(collection)?.get(key);
  }

  list(
    collection: Collection,
    options: { namespace?: string; index?: { name: string; value: string } } = {},
  ): Snapshot {
    this.#checkFresh();
    const state = this.#collections.get(collection);
    const { namespace, index } = options;
    if (state === undefined) return { items: [], revision: this.#revision };
    if (index === undefined) return { items: state.list(namespace), revision: this.#revision };
    const items = state.indexed(index.name, index.value);
    return {
      items:
        namespace === undefined || namespace === ''
          ? items
          : items.filter((object) => object.metadata.namespace === namespace),
      revision: this.#revision,
    };
  }

  listAt(collection: Collection, revision: number, namespace?: string): Snapshot {
    this.#checkFresh();
    const state = this.#collection(collection);
    if (revision < state.history.oldest) throw new Compacted(state.history.oldest);
    return { items: state.listAt(revision, namespace), revision };
  }

  hasIndex(collection: Collection, index: string): boolean {
    return this.#indexes.get(collection)?.has(index) === true;
  }

  count(collection: Collection): number {
    return this.#collections.get(collection)?.size ?? 0;
  }

  changedAt(collection: Collection): number {
    return this.#collections.get(collection)?.revision ?? this.#oldest;
  }

  create(collection: Collection, object: KubernetesObject): Promise<Stored> {
    return this.#commit({ type: 'put', key: keyFor(collection, object), value: unstamped(object), expected: 0 });
  }

  update(collection: Collection, object: KubernetesObject, expected: number): Promise<Stored> {
    return this.#commit({ type: 'put', key: keyFor(collection, object), value: unstamped(object), expected });
  }

  delete(collection: Collection, key: ObjectKey, expected: number): Promise<Stored> {
    return this.#commit({ type: 'delete', key: engineKey(collection, key), expected });
  }

  watch(collection: Collection, scope: WatchScope, after: number): Observable<StoreEvent> {
    return new Observable((subscriber) => {
      const end = () => {
        if (this.#failure === undefined) subscriber.complete();
        else subscriber.error(this.#failure);
      };
      if (this.#failure !== undefined || this.#following?.closed === true) {
        end();
        return undefined;
      }
      const { history, watchers, indexes } = this.#collection(collection);
      if (after < history.oldest) {
        subscriber.error(new Compacted(history.oldest));
        return undefined;
      }
      // The subscriber may write while the past is told to it: then that is told too, before it is filed for what comes.
      let number = history.numberAt(after);
      while (number < history.last && !subscriber.closed) {
        const event = history.at(++number);
        if (event === undefined) {
          subscriber.error(new Compacted(history.oldest));
          return undefined;
        }
        if (concerns(scope, event, indexes)) subscriber.next(event);
      }
      // A watch from a revision that is yet to come begins after it.
      const remove = watchers.add(scope, number, (event) => {
        if (event.revision > after) subscriber.next(event);
      });
      this.#watches.add(end);
      return () => {
        remove();
        this.#watches.delete(end);
      };
    });
  }

  async compact(revision: number): Promise<void> {
    const until = Math.min(revision, this.#revision);
    this.#oldest = Math.max(this.#oldest, until);
    for (const state of this.#collections.values()) state.history.compact(until);
    await this.#engine.compact(until);
  }

  async close(): Promise<void> {
    this.#following?.unsubscribe();
    for (const end of [...this.#watches]) end();
    this.#rejectAwaited(new StoreFailed('the store is closed'));
    await this.#engine.close();
  }

  async #commit(write: Write): Promise<Stored> {
    const { collection, namespace, name } = parseEngineKey(write.key);
    const key = { namespace, name };
    const written = write.type === 'put' ? deepFreeze(write.value) : this.get(collection, key);
    const { revision } = await this.#engine.commit([write]);
    // The event of a write comes by before the engine has answered it, or after.
    if (revision > this.#revision) {
      this.#checkFresh();
      return new Promise((resolve, reject) => this.#awaited.set(revision, { resolve, reject }));
    }
    const current = this.get(collection, key);
    if (current !== undefined && current.metadata.resourceVersion === String(revision)) return current;
    // Deleted, or already written again.
    return stamped(written as KubernetesObject, revision);
  }

  #follow(change: Change): void {
    const { collection } = parseEngineKey(change.key);
    const object = stamped(change.value, change.revision);
    this.#revision = change.revision;
    this.#collection(collection).apply(object, change.type === 'delete', change.revision);
    if (this.#awaited.size === 0) return;
    this.#awaited.get(change.revision)?.resolve(object);
    this.#awaited.delete(change.revision);
  }

  /** Without its engine the store grows stale: everybody is told. */
  #fail(failure: Error): void {
    this.#failure = failure;
    for (const end of [...this.#watches]) end();
    this.#rejectAwaited(failure);
  }

  #rejectAwaited(error: Error): void {
    for (const { reject } of this.#awaited.values()) reject(error);
    this.#awaited.clear();
  }

  #checkFresh(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #collection(name: Collection): CollectionState {
    let state = this.#collections.get(name);
    if (state === undefined) {
      state = new CollectionState(this.#indexes.get(name) ?? noIndexes, this.#historySize, this.#oldest);
      this.#collections.set(name, state);
    }
    return state;
  }
}

function keyFor(collection: Collection, object: KubernetesObject): string {
  return engineKey(collection, { namespace: object.metadata?.namespace ?? '', name: object.metadata?.name ?? '' });
}

function stamped(object: KubernetesObject, revision: number): Stored {
  return deepFreeze({ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }) as Stored;
}

function unstamped(object: KubernetesObject): KubernetesObject {
  if (object.metadata?.resourceVersion === undefined) return object;
  // Leaving the field out costs far more than emptying it, and reads the same.
  const metadata: { resourceVersion?: string | undefined } = { ...object.metadata, resourceVersion: undefined };
  return { ...object, metadata: metadata as ObjectMeta };
}
