import { deepFreeze, type KubernetesObject, type ObjectKey, type Stored } from '@orrery/api';
import { Observable, type Subscription } from 'rxjs';
import { CollectionState, type IndexValues } from './collection.ts';
import { type Change, Compacted, RevisionConflict, type StorageEngine, type Write } from './engine.ts';
import { type Collection, engineKey, parseEngineKey } from './key.ts';
import type { StoreEvent, WatchScope } from './watchers.ts';

export interface ObjectStoreOptions {
  readonly engine: StorageEngine;
  /** Events kept per collection for watches that resume and lists of the recent past. Default 4,096. */
  readonly historySize?: number;
  /** Per collection, named indexes for lists and watches. */
  readonly indexes?: { readonly [collection: Collection]: { readonly [index: string]: IndexValues } };
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

class EngineBackedStore implements ObjectStore {
  readonly #engine: StorageEngine;
  readonly #historySize: number;
  readonly #indexes: NonNullable<ObjectStoreOptions['indexes']>;
  readonly #collections = new Map<Collection, CollectionState>();
  readonly #closing = new Set<() => void>();
  /** Writes whose event has not come by yet, by revision. */
  readonly #awaited = new Map<number, (object: Stored) => void>();
  readonly #seen = new Map<number, Stored>();
  #opened = 0;
  #revision = 0;
  #writing = 0;
  #following: Subscription | undefined;
  #failure: unknown;

  constructor(options: ObjectStoreOptions) {
    this.#engine = options.engine;
    this.#historySize = options.historySize ?? 4096;
    this.#indexes = options.indexes ?? {};
  }

  async open(): Promise<void> {
    const { entries, revision } = await this.#engine.range('/');
    this.#revision = revision;
    this.#opened = revision;
    for (const entry of entries)
      this.#collection(parseEngineKey(entry.key).collection).load(stamped(entry.value, entry.revision));
    this.#following = this.#engine.watch('/', revision).subscribe({
      next: (change) => this.#follow(change),
      error: (error: unknown) => {
        this.#failure = error;
        for (const close of [...this.#closing]) close();
      },
    });
  }

  get revision(): number {
    return this.#revision;
  }

  get(collection: Collection, key: ObjectKey): Stored | undefined {
    return this.#collections.get(collection)?.get(key);
  }

  list(
    collection: Collection,
    options: { namespace?: string; index?: { name: string; value: string } } = {},
  ): Snapshot {
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
    const state = this.#collection(collection);
    if (revision < state.history.oldest) throw new Compacted(state.history.oldest);
    return { items: state.listAt(revision, namespace), revision };
  }

  hasIndex(collection: Collection, index: string): boolean {
    return this.#indexes[collection]?.[index] !== undefined;
  }

  count(collection: Collection): number {
    return this.#collections.get(collection)?.size ?? 0;
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
      if (this.#failure !== undefined) {
        subscriber.error(this.#failure);
        return undefined;
      }
      const state = this.#collection(collection);
      if (after < state.history.oldest) {
        subscriber.error(new Compacted(state.history.oldest));
        return undefined;
      }
      for (const event of state.history.after(after))
        if (concerns(scope, event, this.#indexes[collection])) subscriber.next(event);
      const end = () => (this.#failure === undefined ? subscriber.complete() : subscriber.error(this.#failure));
      const remove = state.watchers.add(scope, (event) => {
        if (event.revision > after) subscriber.next(event);
      });
      this.#closing.add(end);
      return () => {
        remove();
        this.#closing.delete(end);
      };
    });
  }

  async compact(revision: number): Promise<void> {
    for (const state of this.#collections.values()) state.history.compact(revision);
    await this.#engine.compact(revision);
  }

  async close(): Promise<void> {
    for (const end of [...this.#closing]) end();
    this.#following?.unsubscribe();
    await this.#engine.close();
  }

  async #commit(write: Write): Promise<Stored> {
    deepFreeze(write.type === 'put' ? write.value : undefined);
    this.#writing++;
    try {
      const { revision } = await this.#engine.commit([write]);
      const seen = this.#seen.get(revision);
      if (seen !== undefined) {
        this.#seen.delete(revision);
        return seen;
      }
      return await new Promise((resolve) => this.#awaited.set(revision, resolve));
    } finally {
      this.#writing--;
      if (this.#writing === 0) this.#seen.clear();
    }
  }

  #follow(change: Change): void {
    const { collection } = parseEngineKey(change.key);
    const object = stamped(change.value, change.revision);
    this.#revision = change.revision;
    // A write of ours may see its event before the engine has answered it, or after.
    const waiting = this.#awaited.get(change.revision);
    if (waiting !== undefined) this.#awaited.delete(change.revision);
    else if (this.#writing > 0) this.#seen.set(change.revision, object);
    this.#collection(collection).apply(object, change.type === 'delete');
    waiting?.(object);
  }

  #collection(name: Collection): CollectionState {
    let state = this.#collections.get(name);
    if (state === undefined) {
      state = new CollectionState(new Map(Object.entries(this.#indexes[name] ?? {})), this.#historySize, this.#opened);
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
  const { resourceVersion: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function concerns(
  scope: WatchScope,
  event: StoreEvent,
  indexes: { readonly [index: string]: IndexValues } | undefined,
): boolean {
  const { namespace = '', name } = event.object.metadata;
  if (scope.name !== undefined && scope.name !== name) return false;
  if (scope.namespace !== undefined && scope.namespace !== '' && scope.namespace !== namespace) return false;
  if (scope.index === undefined) return true;
  const values = indexes?.[scope.index.name];
  if (values === undefined) return true;
  const { value } = scope.index;
  return (
    values(event.object).includes(value) || (event.previous !== undefined && values(event.previous).includes(value))
  );
}
