import type { Kind, KubernetesObject, Stored } from '@orrery/api';

/**
 * A way to find objects of a kind by values that are computed from each (client-go's Indexer). An index is known by what it
 * is, not by a name, so two of them never meet. A controller declares those that it uses (`indexes`). `A` is what the index
 * sums up of the objects under one value.
 */
export interface Index<T extends KubernetesObject = KubernetesObject, A = unknown> {
  readonly kind: Kind<T>;
  readonly rule: IndexRule;
  /** The entry of one value, for `cache.list` and `cache.aggregate`. */
  at(value: string): IndexEntry<T, A>;
}

/** What an index files under one value: `cache.list(orphans.at('default'))`. */
export interface IndexEntry<T extends KubernetesObject = KubernetesObject, A = unknown> {
  readonly kind: Kind<T>;
  readonly rule: IndexRule;
  readonly value: string;
  /** The type of the aggregate; never set. */
  readonly aggregateType?: A;
}

/** Under which values an object is filed. This is what an index is known by. */
export interface IndexRule {
  values(object: Stored): readonly string[];
  readonly aggregate?: Aggregation<KubernetesObject, unknown>;
}

/**
 * A sum over objects that is kept, not taken: each change takes the object before out of it and puts the new one in, so that it
 * costs the same whether a value has ten objects or ten thousand. `add` and `remove` must be each other's inverse.
 */
export interface Aggregation<T extends KubernetesObject, A> {
  /** The sum over no objects. */
  create(): A;
  add(sum: A, object: Stored<T>): void;
  remove(sum: A, object: Stored<T>): void;
}

/**
 * Defines an index: `values` gives those under which an object is filed, none or several; it must be a pure function. A cache
 * keeps the index up to date with every change, at the cost of a call or two for the object that changed. What `values` throws is
 * thrown to every reader of the index while an object exists on which it throws. With an aggregation, the cache also
 * keeps a sum over the objects under each value, which `cache.aggregate` reads.
 */
export function defineIndex<T extends KubernetesObject, A = undefined>(
  kind: Kind<T>,
  values: (object: Stored<T>) => readonly string[],
  aggregate?: Aggregation<T, A>,
): Index<T, A> {
  // It is only ever called with objects of the kind.
  const rule = { values, ...(aggregate === undefined ? {} : { aggregate }) } as unknown as IndexRule;
  return { kind, rule, at: (value) => ({ kind, rule, value }) };
}

/**
 * The objects of a kind that have an owner of this uid, whether it is their controller or not. Every cache has this index of
 * every kind; it need not be declared.
 */
export function ownedBy<T extends KubernetesObject>(kind: Kind<T>, ownerUid: string): IndexEntry<T> {
  return { kind, rule: byOwner, value: ownerUid };
}

/** Children by the uid of each of their owners. */
export const byOwner: IndexRule = {
  values: ({ metadata }) => metadata.ownerReferences?.map((owner) => owner.uid) ?? [],
};

/** Objects by namespace; `''` has those without one. */
export const byNamespace: IndexRule = { values: ({ metadata }) => [metadata.namespace ?? ''] };
