import type { Kind, KubernetesObject, ObjectKey, Stored } from '@orrery/api';
import type { Observable } from 'rxjs';

/** A change as a cache saw it. `previous` is the object before (absent on added). */
export interface CacheChange<T extends KubernetesObject = KubernetesObject> {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly object: Stored<T>;
  readonly previous?: Stored<T>;
}

export interface CacheListOptions {
  readonly namespace?: string;
  /** Objects that the named index files under this value. */
  readonly index?: { readonly name: string; readonly value: string };
}

/**
 * Objects kept at hand by watching them (client-go's shared informers). Reads are synchronous and never cost a request.
 * What a client of the same loop wrote shows at once, before the watch has brought it.
 */
export interface Cache {
  /** Starts watching a kind if nobody did; resolves when its first objects are there. */
  sync(...kinds: readonly Kind[]): Promise<void>;
  /** @throws Error if the kind is not synced. */
  get<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey | string): Stored<T> | undefined;
  /** In key order. @throws Error if the kind is not synced or the index is unknown. */
  list<T extends KubernetesObject>(kind: Kind<T>, options?: CacheListOptions): readonly Stored<T>[];
  /** Files every object of the kind under the values that `values` gives. Adding the same name again is a no-op. */
  addIndex<T extends KubernetesObject>(
    kind: Kind<T>,
    name: string,
    values: (object: Stored<T>) => readonly string[],
  ): void;
  /** Changes from now on, after the cache itself shows them. Starts with the current objects as added when `replay` is true. */
  changes<T extends KubernetesObject>(
    kind: Kind<T>,
    options?: { readonly replay?: boolean },
  ): Observable<CacheChange<T>>;
}

/** The index that every cache has of children by the uid of each of their owners. */
export const ownerIndex = 'owner';
/** The index that every cache has of objects by namespace. */
export const namespaceIndex = 'namespace';
