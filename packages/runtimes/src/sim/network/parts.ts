/** A list in parts, each of which is replaced alone. Parts without items are not kept, except for the part `''`. */
export class Parts<T> {
  readonly #parts = new Map<string, readonly T[]>();
  #size = 0;

  /** Whether there is no part. */
  get isEmpty(): boolean {
    return this.#parts.size === 0;
  }

  set(part: string, items: readonly T[]): void {
    this.#size += items.length - (this.#parts.get(part)?.length ?? 0);
    if (items.length === 0 && part !== '') this.#parts.delete(part);
    else this.#parts.set(part, items);
  }

  /** The item at an index, which starts over behind the last; undefined if there is none. */
  at(index: number): T | undefined {
    if (this.#size === 0) return undefined;
    let left = index % this.#size;
    for (const items of this.#parts.values()) {
      if (left < items.length) return items[left];
      left -= items.length;
    }
    return undefined;
  }

  /** All items, each once: those of one part in its own order, those of several sorted. */
  distinct(): readonly T[] {
    const parts = [...this.#parts.values()].filter(({ length }) => length > 0);
    const all = [...new Set(parts.flat())];
    return parts.length < 2 ? all : all.sort();
  }
}
