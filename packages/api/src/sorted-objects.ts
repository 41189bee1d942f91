import { sliceOf } from './frozen-list.ts';
import type { Stored } from './object.ts';

/** A listing: the objects in the order of their keys, frozen. */
interface Listing {
  readonly keys: readonly string[];
  readonly objects: readonly Stored[];
}

/** One change of a key, in the order of keys; without an object the key is removed. */
type Change = readonly [key: string, object: Stored | undefined];

/** Up to this many changes are applied to a copy one by one; more are merged in one pass. */
const fewChanges = 16;

/**
 * Objects by key, listed in key order, byte by byte. A change costs the same for any size. A list costs a copy of references
 * if anything changed since the last one; without a change it is the same list. What is never listed is never sorted.
 */
export class SortedObjects {
  readonly #objects = new Map<string, Stored>();
  /** As of the last list. */
  #listing: Listing | undefined;
  /** Keys that changed since then. Made with the first: most of the many small sets never change after they were listed. */
  #changed: Set<string> | undefined;

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): Stored | undefined {
    return this.#objects.get(key);
  }

  /** A copy of all keys and objects, in no particular order, that can be walked while objects are removed. */
  entries(): readonly (readonly [string, Stored])[] {
    return [...this.#objects];
  }

  /** In no particular order. */
  values(): IterableIterator<Stored> {
    return this.#objects.values();
  }

  set(key: string, object: Stored): void {
    this.#objects.set(key, object);
    this.#change(key);
  }

  delete(key: string): void {
    if (this.#objects.delete(key)) this.#change(key);
  }

  /** All objects in key order, frozen. */
  list(): readonly Stored[] {
    return this.#list().objects;
  }

  /** Objects whose key begins with the prefix, which ends in a slash, in key order. */
  under(prefix: string): readonly Stored[] {
    const { keys, objects } = this.#list();
    // The character after the slash ends the range.
    const end = `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`;
    return sliceOf(objects, indexOf(keys, prefix), indexOf(keys, end));
  }

  /** The objects with changes applied, in key order: undefined removes the object of that key. The set itself stays as it is. */
  with(changes: ReadonlyMap<string, Stored | undefined>): readonly Stored[] {
    return applied(this.#list(), sorted([...changes])).objects;
  }

  #change(key: string): void {
    if (this.#listing === undefined) return;
    this.#changed ??= new Set();
    this.#changed.add(key);
  }

  #list(): Listing {
    if (this.#listing === undefined) {
      const entries = sorted([...this.#objects]);
      this.#listing = {
        keys: entries.map(([key]) => key),
        objects: Object.freeze(entries.map(([, object]) => object)),
      };
    } else if (this.#changed !== undefined && this.#changed.size > 0) {
      const changes = sorted(Array.from(this.#changed, (key): Change => [key, this.#objects.get(key)]));
      this.#listing = applied(this.#listing, changes);
      this.#changed.clear();
    }
    return this.#listing;
  }
}

function sorted<E extends readonly [string, ...unknown[]]>(entries: E[]): E[] {
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

function applied(listing: Listing, changes: readonly Change[]): Listing {
  return changes.length <= fewChanges ? withFew(listing, changes) : merged(listing, changes);
}

function withFew({ keys, objects }: Listing, changes: readonly Change[]): Listing {
  const changedObjects = [...objects];
  let changedKeys = keys;
  // Most changes replace an object: then the keys are shared.
  const own = (): string[] => {
    if (changedKeys === keys) changedKeys = keys.slice();
    return changedKeys as string[];
  };
  for (const [key, object] of changes) {
    const place = indexOf(changedKeys, key);
    const isThere = changedKeys[place] === key;
    if (object !== undefined && isThere) changedObjects[place] = object;
    else if (object !== undefined) {
      own().splice(place, 0, key);
      changedObjects.splice(place, 0, object);
    } else if (isThere) {
      own().splice(place, 1);
      changedObjects.splice(place, 1);
    }
  }
  return { keys: changedKeys, objects: Object.freeze(changedObjects) };
}

function merged({ keys, objects }: Listing, changes: readonly Change[]): Listing {
  const mergedKeys: string[] = [];
  const mergedObjects: Stored[] = [];
  let from = 0;
  const copyUntil = (end: number): void => {
    for (; from < end; from++) {
      mergedKeys.push(keys[from] as string);
      mergedObjects.push(objects[from] as Stored);
    }
  };
  for (const [key, object] of changes) {
    copyUntil(indexOf(keys, key));
    if (object !== undefined) {
      mergedKeys.push(key);
      mergedObjects.push(object);
    }
    if (keys[from] === key) from++;
  }
  copyUntil(keys.length);
  return { keys: mergedKeys, objects: Object.freeze(mergedObjects) };
}

/** The index at which a key is or would be inserted. */
function indexOf(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
