/** How many changes the log remembers. Who is further behind reads everything anew. */
const remembered = 4096;

/** The slots that changed, in order. Readers remember how far they have read, and catch up when they are asked something. */
export class SlotLog {
  readonly #slots = new Int32Array(remembered);
  #end = 0;

  /** How many changes there have been. */
  get end(): number {
    return this.#end;
  }

  push(slot: number): void {
    this.#slots[this.#end++ % remembered] = slot;
  }

  /** The slot of the change with this number, which must be one of the remembered. */
  at(index: number): number {
    return this.#slots[index % remembered] as number;
  }

  /** Whether everything since `seen` is still remembered, and reading it is less than reading all `slots`. */
  reaches(seen: number, slots: number): boolean {
    return this.#end - seen <= Math.min(remembered, slots);
  }
}
