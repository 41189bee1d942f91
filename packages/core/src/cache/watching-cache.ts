import { type Kind, type KubernetesObject, keyString, kindId, type ObjectKey, type Stored } from '@orrery/api';
import { Observable, Subject, type Subscription } from 'rxjs';
import type { Cache, CacheChange, CacheListOptions } from '../cache.ts';
import type { Client } from '../client.ts';
import { byNamespace, type Index, type IndexEntry } from '../define-index.ts';
import type { Environment } from '../environment.ts';
import { KindView } from './kind-view.ts';
import { type Delivery, watchSelection } from './reflector.ts';
import { type Selection, selectionTest } from './selection.ts';

/** What {@link createCache} needs. */
export interface CacheOptions {
  /** Reads and watches. */
  readonly client: Client;
  readonly environment: Environment;
  /** The name of the cache's turns: `ACTOR cache RESOURCE`. */
  readonly actor: string;
  /** Kinds of which only some objects are kept. Default: all objects of every kind. */
  readonly selectors?: ReadonlyMap<Kind, Selection>;
  /** Indexes that are kept from the start. */
  readonly indexes?: readonly Index[];
}

/** A cache that is kept by watching, and that also shows this process's own writes at once. */
export interface WatchingCache extends Cache, Disposable {
  /** Whether the kind's first objects are there. */
  synced(kind: Kind): boolean;
  /** Keeps these indexes, too, for as long as the cache lives. One that is kept already is kept once. */
  addIndexes(indexes: readonly Index[]): void;
  /** Shows what a write answered, unless the watch has brought something later already. */
  written(object: Stored): void;
  /** Shows as deleted what a delete left nothing of. `uid` is the one that was shown when the delete was asked for. */
  writtenDeletion(kind: Kind, key: ObjectKey | string, uid: string): void;
  /** Ends all watches and change streams. Cached objects can still be read. */
  [Symbol.dispose](): void;
}

/** Makes a cache; it watches nothing before the first {@link Cache.sync}. Many controllers can share one. */
export function createCache(options: CacheOptions): WatchingCache {
  return new ObjectCache(options);
}

class ObjectCache implements WatchingCache {
  readonly #options: CacheOptions;
  readonly #selections = new Map<string, Selection>();
  readonly #kinds = new Map<string, KindCache>();
  /** The same by the kind itself, which needs no text. */
  readonly #known = new Map<Kind, KindCache>();

  constructor(options: CacheOptions) {
    this.#options = options;
    for (const [kind, selection] of options.selectors ?? []) this.#selections.set(kindId(kind), selection);
    this.addIndexes(options.indexes ?? []);
  }

  async sync(...kinds: readonly Kind[]): Promise<void> {
    await Promise.all(kinds.map((kind) => this.#kind(kind).start()));
  }

  synced(kind: Kind): boolean {
    return this.#kinds.get(kindId(kind))?.synced ?? false;
  }

  get<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey | string): Stored<T> | undefined {
    return this.#readable(kind).get(nameOf(key)) as Stored<T> | undefined;
  }

  list<T extends KubernetesObject>(
    from: Kind<T> | IndexEntry<T>,
    { namespace }: CacheListOptions = {},
  ): readonly Stored<T>[] {
    const anywhere = namespace === undefined || namespace === '';
    if (!('rule' in from)) {
      const view = this.#readable(from);
      return (anywhere ? view.list() : view.find(byNamespace, namespace)) as readonly Stored<T>[];
    }
    const found = this.#readable(from.kind).find(from.rule, from.value) as readonly Stored<T>[];
    return anywhere ? found : [...found].filter((object) => object.metadata.namespace === namespace);
  }

  count<T extends KubernetesObject>(from: Kind<T> | IndexEntry<T>, options: CacheListOptions = {}): number {
    const { namespace } = options;
    const anywhere = namespace === undefined || namespace === '';
    if ('rule' in from) {
      return anywhere ? this.#readable(from.kind).count(from.rule, from.value) : this.list(from, options).length;
    }
    const view = this.#readable(from);
    return anywhere ? view.size : view.count(byNamespace, namespace);
  }

  find<T extends KubernetesObject>(
    { kind, rule, value }: IndexEntry<T>,
    test: (object: Stored<T>) => boolean,
  ): Stored<T> | undefined {
    for (const object of this.#readable(kind).each(rule, value)) {
      if (test(object as Stored<T>)) return object as Stored<T>;
    }
    return undefined;
  }

  aggregate<T extends KubernetesObject, A>({ kind, rule, value }: IndexEntry<T, A>): A | undefined {
    return this.#readable(kind).sum(rule, value) as A | undefined;
  }

  addIndexes(indexes: readonly Index[]): void {
    for (const index of indexes) this.#kind(index.kind).view.addIndex(index.rule);
  }

  changes<T extends KubernetesObject>(
    kind: Kind<T>,
    { replay = false }: { readonly replay?: boolean } = {},
  ): Observable<CacheChange<T>> {
    const { view, changes } = this.#kind(kind);
    return new Observable<CacheChange>((subscriber) => {
      if (replay) for (const object of view.list()) subscriber.next({ type: 'added', object });
      return changes.subscribe(subscriber);
    }) as Observable<unknown> as Observable<CacheChange<T>>;
  }

  written(object: Stored): void {
    this.#kinds.get(`${object.apiVersion}/${object.kind}`)?.written(object);
  }

  writtenDeletion(kind: Kind, key: ObjectKey | string, uid: string): void {
    this.#kinds.get(kindId(kind))?.view.writtenDeletion(nameOf(key), uid);
  }

  [Symbol.dispose](): void {
    for (const kind of this.#kinds.values()) kind[Symbol.dispose]();
  }

  #kind(kind: Kind): KindCache {
    const id = kindId(kind);
    let found = this.#kinds.get(id);
    if (found === undefined) {
      found = new KindCache(this.#options, kind, this.#selections.get(id) ?? {});
      this.#kinds.set(id, found);
    }
    return found;
  }

  #readable(kind: Kind): KindView {
    const known = this.#known.get(kind);
    if (known !== undefined) return known.view;
    const found = this.#kinds.get(kindId(kind));
    if (found?.synced !== true)
      throw new Error(`the cache has not synced ${kindId(kind)}: name it in the controller's kinds`);
    this.#known.set(kind, found);
    return found.view;
  }
}

class KindCache implements Disposable {
  readonly view: KindView;
  readonly changes = new Subject<CacheChange>();
  synced = false;
  readonly #deliveries: Observable<readonly Delivery[]>;
  readonly #firstObjects = Promise.withResolvers<void>();
  #watch: Subscription | undefined;

  constructor({ client, environment, actor }: CacheOptions, kind: Kind, selection: Selection) {
    this.view = new KindView(selectionTest(kind, selection), (change) => this.changes.next(change));
    const name = `${actor} cache ${kind.resource}`;
    this.#deliveries = watchSelection({ client, environment, actor: name, kind, selection });
  }

  start(): Promise<void> {
    this.#watch ??= this.#deliveries.subscribe((batch) => this.#deliver(batch));
    return this.#firstObjects.promise;
  }

  written(object: Stored): void {
    if (this.#watch !== undefined) this.view.written(object);
  }

  [Symbol.dispose](): void {
    this.#watch?.unsubscribe();
    this.changes.complete();
  }

  #deliver(batch: readonly Delivery[]): void {
    for (const delivery of batch) {
      switch (delivery.type) {
        case 'replaced':
          this.view.replace(delivery.items, delivery.resourceVersion);
          this.synced = true;
          this.#firstObjects.resolve();
          break;
        case 'BOOKMARK':
          this.view.watchedUntil(delivery.resourceVersion);
          break;
        case 'DELETED':
          this.view.watchedDeletion(delivery.object);
          break;
        default:
          this.view.watched(delivery.object);
      }
    }
  }
}

function nameOf(key: ObjectKey | string): string {
  return typeof key === 'string' ? key : keyString(key);
}
