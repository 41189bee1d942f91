import { type Kind, type KubernetesObject, kindId, type ObjectKey, type Stored } from '@orrery/api';
import type { Observable } from 'rxjs';
import type { Cache, CacheChange, CacheListOptions } from '../cache.ts';
import type { Controller } from '../controller.ts';
import { byNamespace, byOwner, type IndexEntry, type IndexRule } from '../define-index.ts';

/** What a controller says of itself that decides what it sees. */
export type Declaration = Pick<Controller, 'name' | 'kinds' | 'indexes' | 'addKindsTo'>;

/**
 * The cache as one controller sees it: the kinds and indexes that it declares, and no others. Other controllers may have more
 * watched in the same cache; where this one runs alone, or on a cluster that gave it only the rights to what it declares,
 * there would be nothing. So reading what is not declared is an error everywhere.
 */
export function controllerView(cache: Cache, declaration: Declaration): Cache {
  return new ControllerView(cache, declaration);
}

class ControllerView implements Cache {
  readonly #cache: Cache;
  readonly #declaration: Declaration;
  /** By identity, which is what nearly every read finds; by name for another value of the same kind. */
  readonly #kinds: ReadonlySet<Kind>;
  readonly #kindIds: ReadonlySet<string>;
  readonly #rules: ReadonlySet<IndexRule>;

  constructor(cache: Cache, declaration: Declaration) {
    const kinds = declaration.kinds === 'any' ? [] : declaration.kinds;
    this.#cache = cache;
    this.#declaration = declaration;
    this.#kinds = new Set(kinds);
    this.#kindIds = new Set(kinds.map(kindId));
    this.#rules = new Set([byNamespace, byOwner, ...(declaration.indexes ?? []).map(({ rule }) => rule)]);
  }

  async sync(...kinds: readonly Kind[]): Promise<void> {
    for (const kind of kinds) this.#check(kind);
    await this.#cache.sync(...kinds);
  }

  get<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey | string): Stored<T> | undefined {
    this.#check(kind);
    return this.#cache.get(kind, key);
  }

  list<T extends KubernetesObject>(from: Kind<T> | IndexEntry<T>, options?: CacheListOptions): readonly Stored<T>[] {
    this.#checkSource(from);
    return this.#cache.list(from, options);
  }

  count<T extends KubernetesObject>(from: Kind<T> | IndexEntry<T>, options?: CacheListOptions): number {
    this.#checkSource(from);
    return this.#cache.count(from, options);
  }

  find<T extends KubernetesObject>(from: IndexEntry<T>, test: (object: Stored<T>) => boolean): Stored<T> | undefined {
    this.#checkSource(from);
    return this.#cache.find(from, test);
  }

  aggregate<T extends KubernetesObject, A>(entry: IndexEntry<T, A>): A | undefined {
    this.#checkSource(entry);
    return this.#cache.aggregate(entry);
  }

  changes<T extends KubernetesObject>(
    kind: Kind<T>,
    options?: { readonly replay?: boolean },
  ): Observable<CacheChange<T>> {
    this.#check(kind);
    return this.#cache.changes(kind, options);
  }

  #checkSource<T extends KubernetesObject>(from: Kind<T> | IndexEntry<T>): void {
    if (!('rule' in from)) {
      this.#check(from);
      return;
    }
    this.#check(from.kind);
    this.#checkIndex(from);
  }

  #check(kind: Kind): void {
    const { name, kinds, addKindsTo = 'kinds' } = this.#declaration;
    if (kinds === 'any' || this.#kinds.has(kind) || this.#kindIds.has(kindId(kind))) return;
    throw new Error(`${name} reads ${kindId(kind)}, which it does not declare: add ${kind.kind} to ${addKindsTo}`);
  }

  #checkIndex({ kind, rule }: IndexEntry): void {
    if (this.#rules.has(rule)) return;
    const { name } = this.#declaration;
    throw new Error(`${name} reads an index of ${kindId(kind)}, which it does not declare: add it to indexes`);
  }
}
