/** The bytes that were made of objects, which are kept for as long as their objects, within a budget. */
export class ByteCache<V extends object> {
  readonly #limit: number;
  readonly #sizeOf: (value: V) => number;
  /** What was used of late; when it is full, it grows old. What is in neither was not used for a whole generation. */
  #young = new WeakMap<object, V>();
  #old = new WeakMap<object, V>();
  #youngBytes = 0;

  /** @param budget bytes that are kept at most; those of objects that are gone are counted until their generation is */
  constructor(budget: number, sizeOf: (value: V) => number) {
    this.#limit = budget / 2;
    this.#sizeOf = sizeOf;
  }

  get(object: object): V | undefined {
    const known = this.#young.get(object);
    if (known !== undefined) return known;
    const old = this.#old.get(object);
    if (old !== undefined) this.set(object, old);
    return old;
  }

  set(object: object, value: V): void {
    const size = this.#sizeOf(value);
    if (this.#youngBytes + size > this.#limit) {
      this.#old = this.#young;
      this.#young = new WeakMap();
      this.#youngBytes = 0;
      if (size > this.#limit) return;
    }
    this.#young.set(object, value);
    this.#youngBytes += size;
  }
}
