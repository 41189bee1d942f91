/** First in, first out, at the same cost for any length (an array's `shift` moves all that follow). */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #first = 0;

  get length(): number {
    return this.#items.length - this.#first;
  }

  /** What {@link shift} would take out; undefined if there is nothing. */
  get first(): T | undefined {
    return this.#items[this.#first];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    if (this.#first === this.#items.length) return undefined;
    const item = this.#items[this.#first];
    // Drops the reference, so that the item can be collected.
    this.#items[this.#first++] = undefined;
    if (this.#first === this.#items.length) {
      if (this.#first > 64) this.#items = [];
      else this.#items.length = 0;
      this.#first = 0;
    } else if (this.#first > 1024 && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#first = 0;
  }
}
