import type { Kind, KubernetesObject, ObjectKey, Stored } from '@orrery/api';
import type { Observable } from 'rxjs';
import type { IndexEntry } from './define-index.ts';

/** A change as a cache saw it. `previous` is the object before (absent on added). */
export interface CacheChange<T extends KubernetesObject = KubernetesObject> {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly object: Stored<T>;
  readonly previous?: Stored<T>;
}

export interface CacheListOptions {
  /** Only this namespace; unset or `''` is all. */
  readonly namespace?: string;
}

/**
 * Objects kept at hand by watching them (client-go's shared informers). Reads are synchronous and never cost a request.
 * What a client of the same loop wrote shows at once, before the watch has brought it.
 *
 * A controller's cache shows the kinds and indexes that the controller declares, and throws an Error on any other, even if
 * another controller watches it: what is not declared would be refused on a cluster where the controller runs alone.
 */
export interface Cache {
  /** Starts watching a kind unless it is watched already; resolves when its first objects are there. */
  sync(...kinds: readonly Kind[]): Promise<void>;
  /** @throws Error if the kind is not declared or not synced. */
  get<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey | string): Stored<T> | undefined;
  /**
   * All objects of a kind, or those that an index files under a value: `list(Pod)`, `list(orphans.at('default'))`,
   * `list(ownedBy(Pod, uid))`. In key order.
   * @throws Error if the kind or the index is not declared, or the kind not synced.
   */
  list<T extends KubernetesObject>(from: Kind<T> | IndexEntry<T>, options?: CacheListOptions): readonly Stored<T>[];
  /**
   * How many objects {@link list} would give. Unlike a list, it costs the same whatever there is.
   * @throws Error as {@link list}.
   */
  count<T extends KubernetesObject>(from: Kind<T> | IndexEntry<T>, options?: CacheListOptions): number;
  /**
   * An object for which the test is true, in no particular order, or undefined if there is none. No more objects are tested than it
   * takes to find one.
   * @throws Error as {@link list}.
   */
  find<T extends KubernetesObject>(from: IndexEntry<T>, test: (object: Stored<T>) => boolean): Stored<T> | undefined;
  /**
   * What an index sums up of the objects under a value; undefined where there are none. The sum is the cache's own and changes
   * with it: read it, and keep nothing of it.
   * @throws Error as {@link list}.
   */
  aggregate<T extends KubernetesObject, A>(entry: IndexEntry<T, A>): A | undefined;
  /**
   * Changes from now on, after the cache itself shows them. Starts with the current objects as added when `replay` is true.
   * @throws Error if the kind is not declared.
   */
  changes<T extends KubernetesObject>(
    kind: Kind<T>,
    options?: { readonly replay?: boolean },
  ): Observable<CacheChange<T>>;
}
