import type { Stored } from '@orrery/api';

/**
 * Objects by key, listed in key order. Adding, changing and removing cost the same for any size; what has to be sorted or
 * copied is done on the next list, once.
 */
export class Bucket {
  #objects = new Map<string, Stored>();
  /** Whether the map's order is the keys' order. */
  #sorted = true;
  #last = '';
  #listing: readonly Stored[] | undefined;

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): Stored | undefined {
    return this.#objects.get(key);
  }

  /** A copy, so that it can be walked while objects are removed. */
  entries(): readonly (readonly [string, Stored])[] {
    return [...this.#objects];
  }

  values(): IterableIterator<Stored> {
    return this.#objects.values();
  }

  set(key: string, object: Stored): void {
    const before = this.#objects.size;
    this.#objects.set(key, object);
    this.#listing = undefined;
    if (this.#objects.size === before) return;
    if (key < this.#last) this.#sorted = false;
    else this.#last = key;
  }

  delete(key: string): void {
    this.#objects.delete(key);
    this.#listing = undefined;
  }

  list(): readonly Stored[] {
    if (this.#listing === undefined) {
      if (!this.#sorted) {
        this.#objects = new Map([...this.#objects].sort(([a], [b]) => (a < b ? -1 : 1)));
        this.#sorted = true;
      }
      this.#listing = Object.freeze([...this.#objects.values()]);
    }
    return this.#listing;
  }
}
