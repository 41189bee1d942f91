import { deepFreeze, type KubernetesObject, keyOf, type ObjectKey, type ObjectMeta, type Stored } from '@orrery/api';
import { Observable, type Subscription } from 'rxjs';
import { CollectionState, type NumberedEvent } from './collection.ts';
import { type Commit, Compacted, type StorageEngine, type Write } from './engine.ts';
import { HistoryBudget } from './history-budget.ts';
import { type Collection, engineKey, parseEngineKey } from './key.ts';
import { concerns, type IndexValues, type StoreEvent, type WatchScope } from './watchers.ts';

export interface ObjectStoreOptions {
  readonly engine: StorageEngine;
  /** Events kept per collection for watches that resume and lists of the recent past. Default 4,096. */
  readonly historySize?: number;
  /** Bytes that past states of objects hold in all histories together, roughly; the largest history forgets first. Default 128 MiB. */
  readonly historyBytes?: number;
  /** Per collection, named indexes for lists and watches. */
  readonly indexes?: { readonly [collection: Collection]: { readonly [index: string]: IndexValues } };
}

/** The store no longer follows its engine: its state may be stale, so it serves no reads. */
export class StoreFailed extends Error {
  override readonly name = 'StoreFailed';
}

/** One write of a commit to the store. `expected` is the revision that the object must be at; 0 creates a new one. */
export type ObjectWrite =
  | {
      readonly type: 'put';
      readonly collection: Collection;
      readonly object: KubernetesObject;
      readonly expected: number;
    }
  | { readonly type: 'delete'; readonly collection: Collection; readonly key: ObjectKey; readonly expected: number };

/** A list and the revision that it is a snapshot of. */
export interface Snapshot {
  readonly items: readonly Stored[];
  readonly revision: number;
}

/**
 * The observable object store: every object deeply frozen, one revision over all, each change one event. Reads are served
 * from memory and are synchronous; writes go to the engine by compare-and-swap and resolve when their event has arrived here.
 *
 * Other processes may write to the same engine. This store follows them: reads return the state as of its
 * {@link revision}, which may be older than the engine's. A caller that must not read stale state takes the {@link current}
 * revision and waits until the store has {@link caughtUp} with it.
 */
export interface ObjectStore {
  /** The latest revision seen. Commits are seen whole: no read and no event shows a part of one. */
  readonly revision: number;
  /** The revision of the latest commit of all processes that share the storage. No promise if only this process writes. */
  current(): number | Promise<number>;
  /**
   * Resolves when this store has seen the revision. Rejects with the signal's reason if it is aborted first, and with
   * {@link StoreFailed} when the store no longer follows its engine.
   */
  caughtUp(revision: number, signal?: AbortSignal): Promise<void>;
  get(collection: Collection, key: ObjectKey): Stored | undefined;
  list(
    collection: Collection,
    options?: { readonly namespace?: string; readonly index?: { readonly name: string; readonly value: string } },
  ): Snapshot;
  /** The collection as of a past revision. @throws Compacted when the history no longer reaches it. */
  listAt(collection: Collection, revision: number, namespace?: string): Snapshot;
  hasIndex(collection: Collection, index: string): boolean;
  count(collection: Collection): number;
  /** Revision of the collection's latest change that this store has seen. Data derived from the collection is valid until it moves. */
  changedAt(collection: Collection): number;
  /**
   * Applies all writes as one revision, or none of them; returns the objects written, in the order of the writes. A commit writes
   * at most one object of a collection: a client resumes its watch after the revision of the last event that reached it, and would
   * miss the other events of that revision. @throws RevisionConflict if an object is not at the revision that its write expects
   */
  commit(writes: readonly ObjectWrite[]): Promise<readonly Stored[]>;
  /** @throws RevisionConflict if the object exists. */
  create(collection: Collection, object: KubernetesObject): Promise<Stored>;
  /** Replaces the object that is at `expected`. @throws RevisionConflict if it is not. */
  update(collection: Collection, object: KubernetesObject, expected: number): Promise<Stored>;
  /** Deletes the object that is at `expected`; returns its last state, at the deletion's revision. @throws RevisionConflict */
  delete(collection: Collection, key: ObjectKey, expected: number): Promise<Stored>;
  /** Events later than `after`, ordered and gapless. Errors with Compacted when that history is gone. */
  watch(collection: Collection, scope: WatchScope, after: number): Observable<StoreEvent>;
  /** Forgets the history up to the revision. */
  compact(revision: number): Promise<void>;
  /** Ends all watches and closes the engine. */
  close(): Promise<void>;
}

/** Opens a store on an engine: loads its objects and follows its commits. */
export async function openObjectStore(options: ObjectStoreOptions): Promise<ObjectStore> {
  const store = new EngineBackedStore(options);
  await store.open();
  return store;
}

const noIndexes: ReadonlyMap<string, IndexValues> = new Map();

/** A caller that waits for a revision. */
interface Waiter {
  readonly revision: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

class EngineBackedStore implements ObjectStore {
  readonly #engine: StorageEngine;
  readonly #historySize: number;
  readonly #historyBudget: HistoryBudget;
  readonly #indexes: ReadonlyMap<Collection, ReadonlyMap<string, IndexValues>>;
  readonly #collections = new Map<Collection, CollectionState>();
  /** Ends each open watch. */
  readonly #watches = new Set<() => void>();
  readonly #waiters = new Set<Waiter>();
  /** Changes up to this revision are unknown. */
  #oldest = 0;
  #revision = 0;
  #following: Subscription | undefined;
  #failure: Error | undefined;

  constructor(options: ObjectStoreOptions) {
    this.#engine = options.engine;
    this.#historySize = options.historySize ?? 4096;
    this.#historyBudget = new HistoryBudget(options.historyBytes ?? 128 * 1024 * 1024);
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
      next: (commit) => this.#follow(commit),
      error: (error: unknown) => this.#fail(new StoreFailed('the storage engine ended its watch', { cause: error })),
      complete: () => this.#fail(new StoreFailed('the storage engine is closed')),
    });
  }

  get revision(): number {
    return this.#revision;
  }

  current(): number | Promise<number> {
    return this.#engine.revision();
  }

  async caughtUp(revision: number, signal?: AbortSignal): Promise<void> {
    if (revision <= this.#revision) return;
    this.#checkFollowing();
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { revision, resolve, reject };
    const abort = () => reject(signal?.reason);
    signal?.addEventListener('abort', abort);
    this.#waiters.add(waiter);
    try {
      await promise;
    } finally {
      this.#waiters.delete(waiter);
      signal?.removeEventListener('abort', abort);
    }
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
          : [...items].filter((object) => object.metadata.namespace === namespace),
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
    return this.update(collection, object, 0);
  }

  async update(collection: Collection, object: KubernetesObject, expected: number): Promise<Stored> {
    const [stored] = await this.commit([{ type: 'put', collection, object, expected }]);
    return stored as Stored;
  }

  async delete(collection: Collection, key: ObjectKey, expected: number): Promise<Stored> {
    const [deleted] = await this.commit([{ type: 'delete', collection, key, expected }]);
    return deleted as Stored;
  }

  async commit(writes: readonly ObjectWrite[]): Promise<readonly Stored[]> {
    checkOneOfEach(writes);
    this.#checkFollowing();
    // Read before the commit: by the time the engine answers, another client may have created the object again.
    const before = writes.map((write) => (write.type === 'delete' ? this.get(write.collection, write.key) : undefined));
    const { revision } = await this.#engine.commit(writes.map(engineWrite));
    // The event of a commit arrives before or after the engine's answer.
    if (revision > this.#revision) await this.caughtUp(revision);
    return writes.map((write, index) => this.#written(write, revision, before[index]));
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
      // The subscriber may write while it receives the past: those events are delivered too, before it is registered for new ones.
      let number = history.numberAt(after);
      while (number < history.last && !subscriber.closed) {
        const event = history.at(++number);
        if (event === undefined) {
          subscriber.error(new Compacted(history.oldest));
          return undefined;
        }
        if (concerns(scope, event, indexes)) subscriber.next(event);
      }
      // A watch from a future revision begins after it.
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
    for (const { reject } of this.#waiters) reject(closed());
    await this.#engine.close();
  }

  /** The object that a finished write has written: the same (===) one that readers and watchers get, if its event is still kept. */
  #written(write: ObjectWrite, revision: number, before: Stored | undefined): Stored {
    const key = write.type === 'put' ? keyOf(write.object) : write.key;
    const event = this.#collection(write.collection).eventAt(revision, key);
    if (event !== undefined) return event.object;
    // The history dropped the event before the engine answered.
    return stamped(write.type === 'put' ? unstamped(write.object) : (before ?? { metadata: write.key }), revision);
  }

  /** Applies a whole commit before any watcher sees a part of it. */
  #follow({ revision, changes }: Commit): void {
    const recorded: [CollectionState, NumberedEvent][] = [];
    for (const { type, key, value } of changes) {
      const state = this.#collection(parseEngineKey(key).collection);
      const event = state.apply(stamped(value, revision), type === 'delete', revision);
      if (event !== undefined) recorded.push([state, event]);
    }
    this.#revision = revision;
    for (const [state, event] of recorded) state.notify(event);
    if (this.#waiters.size === 0) return;
    for (const waiter of this.#waiters) if (waiter.revision <= revision) waiter.resolve();
  }

  /** Without its engine the store grows stale: every watcher gets an error. */
  #fail(failure: Error): void {
    this.#failure = failure;
    for (const end of [...this.#watches]) end();
    for (const { reject } of this.#waiters) reject(failure);
  }

  #checkFresh(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #checkFollowing(): void {
    this.#checkFresh();
    if (this.#following?.closed === true) throw closed();
  }

  #collection(name: Collection): CollectionState {
    let state = this.#collections.get(name);
    if (state === undefined) {
      state = new CollectionState(
        this.#indexes.get(name) ?? noIndexes,
        this.#historySize,
        this.#oldest,
        this.#historyBudget,
      );
      this.#collections.set(name, state);
    }
    return state;
  }
}

function closed(): StoreFailed {
  return new StoreFailed('the store is closed');
}

function checkOneOfEach(writes: readonly ObjectWrite[]): void {
  if (writes.length > 1 && new Set(writes.map(({ collection }) => collection)).size < writes.length)
    throw new Error('a commit writes two objects of a collection');
}

function engineWrite(write: ObjectWrite): Write {
  const { type, collection, expected } = write;
  if (type === 'delete') return { type, key: engineKey(collection, write.key), expected };
  const { object } = write;
  return { type, key: engineKey(collection, keyOf(object)), value: deepFreeze(unstamped(object)), expected };
}

function stamped(object: KubernetesObject, revision: number): Stored {
  return deepFreeze({ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }) as Stored;
}

function unstamped(object: KubernetesObject): KubernetesObject {
  if (object.metadata?.resourceVersion === undefined) return object;
  // Omitting the field costs far more than emptying it, and reads the same.
  const metadata: { resourceVersion?: string | undefined } = { ...object.metadata, resourceVersion: undefined };
  return { ...object, metadata: metadata as ObjectMeta };
}
