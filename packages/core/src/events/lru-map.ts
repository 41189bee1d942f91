/** A map that forgets what was used least recently once it holds more than `limit` entries. */
export class LruMap<K, V> {
  /** Made with the first entry: most of the many recorders of events record none. */
  #entries: Map<K, V> | undefined;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: K): V | undefined {
    return this.#entries?.get(key);
  }

  /** Makes the entry the one used last. */
  set(key: K, value: V): void {
    this.#entries ??= new Map();
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#limit) return;
    const oldest = this.#entries.keys().next();
    if (oldest.done !== true) this.#entries.delete(oldest.value);
  }
}
