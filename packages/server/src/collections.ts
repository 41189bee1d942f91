import type { Kind } from '@orrery/api';
import type { Collection } from '@orrery/store';

/** Resources that both core and another group serve. */
const shared: { readonly [collection: string]: Collection } = { 'events.events.k8s.io': 'events' };

/** The collection of the store that holds a kind's objects: `deployments.apps`. All versions of a resource share it. */
export function collectionOf(kind: Kind): Collection {
  let collection = known.get(kind);
  if (collection === undefined) {
    const own = kind.group === '' ? kind.resource : `${kind.resource}.${kind.group}`;
    collection = shared[own] ?? own;
    known.set(kind, collection);
  }
  return collection;
}

const known = new WeakMap<Kind, Collection>();
