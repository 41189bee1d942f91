/** Signed 32-bit numbers by slot. Absent ones are 0. */
export class IntColumn {
  #values: Int32Array;

  constructor(size = 16) {
    this.#values = new Int32Array(size);
  }

  /** The numbers themselves, for loops; stale after the next {@link set} or {@link reserve}. */
  get values(): Int32Array {
    return this.#values;
  }

  get(index: number): number {
    return this.#values[index] ?? 0;
  }

  set(index: number, value: number): void {
    this.reserve(index + 1);
    this.#values[index] = value;
  }

  add(index: number, amount: number): number {
    const sum = this.get(index) + amount;
    this.set(index, sum);
    return sum;
  }

  /** Makes room for `size` numbers. */
  reserve(size: number): void {
    if (size <= this.#values.length) return;
    const larger = new Int32Array(Math.max(size, this.#values.length * 2));
    larger.set(this.#values);
    this.#values = larger;
  }
}

/** Amounts by slot: integers up to 2^53. Absent ones are 0. */
export class AmountColumn {
  #values: Float64Array;

  constructor(size = 16) {
    this.#values = new Float64Array(size);
  }

  get(index: number): number {
    return this.#values[index] ?? 0;
  }

  set(index: number, value: number): void {
    if (index >= this.#values.length) {
      const larger = new Float64Array(Math.max(index + 1, this.#values.length * 2));
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[index] = value;
  }
}
