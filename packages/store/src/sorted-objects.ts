import type { Stored } from '@orrery/api';

/** Objects in the order of their storage keys. A list costs a copy of references; a change costs a binary search. */
export class SortedObjects {
  readonly #keys: string[];
  readonly #objects: Stored[];
  /** The latest result of {@link all}, never written to; the next change invalidates it. */
  #copy: readonly Stored[] | undefined;

  /** Accepts pairs of storage key and object, in any order. */
  constructor(entries: Iterable<readonly [string, Stored]>) {
    const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
    this.#keys = sorted.map(([key]) => key);
    this.#objects = sorted.map(([, object]) => object);
  }

  all(): readonly Stored[] {
    this.#copy ??= Object.freeze(this.#objects.slice());
    return this.#copy;
  }

  /** Objects whose key begins with the prefix. */
  under(prefix: string): readonly Stored[] {
    // A prefix ends in a slash and no key does; `0` is the character after the slash, so it ends the range.
    const end = `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`;
    return this.#objects.slice(this.#indexOf(prefix), this.#indexOf(end));
  }

  put(key: string, object: Stored): void {
    const place = this.#indexOf(key);
    if (this.#keys[place] === key) this.#objects[place] = object;
    else {
      this.#keys.splice(place, 0, key);
      this.#objects.splice(place, 0, object);
    }
    this.#copy = undefined;
  }

  delete(key: string): void {
    const place = this.#indexOf(key);
    if (this.#keys[place] !== key) return;
    this.#keys.splice(place, 1);
    this.#objects.splice(place, 1);
    this.#copy = undefined;
  }

  /** The objects with changes applied: undefined removes the object of that key. In key order. */
  with(changes: ReadonlyMap<string, Stored | undefined>): readonly Stored[] {
    const changed = [...changes].sort(([a], [b]) => (a < b ? -1 : 1));
    const out: Stored[] = [];
    let from = 0;
    for (const [key, object] of changed) {
      const place = this.#indexOf(key);
      for (; from < place; from++) out.push(this.#objects[from] as Stored);
      if (object !== undefined) out.push(object);
      if (this.#keys[place] === key) from++;
    }
    for (; from < this.#objects.length; from++) out.push(this.#objects[from] as Stored);
    return out;
  }

  /** The index at which the key is or would be inserted. */
  #indexOf(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#keys[middle] as string) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
