/** What a history is to its budget. */
interface Held {
  /** Bytes that it holds, roughly. */
  readonly bytes: number;
  /** Forgets its oldest events until at most half of the bytes are held, but not the latest. */
  halve(): void;
}

/**
 * Bounds the bytes that the histories of all collections hold together. When they are too many, the history that holds most
 * forgets its oldest events: a watch that would have resumed there lists again, as after a compaction.
 */
export class HistoryBudget {
  readonly #limit: number;
  /** Bytes of each history when it last changed. */
  readonly #known = new Map<Held, number>();
  #total = 0;

  /** @param limit bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes note of a history that has changed. */
  changed(history: Held): void {
    this.#note(history);
    while (this.#total > this.#limit) {
      let largest = history;
      for (const one of this.#known.keys()) if (one.bytes > largest.bytes) largest = one;
      const before = largest.bytes;
      largest.halve();
      this.#note(largest);
      if (largest.bytes === before) return;
    }
  }

  #note(history: Held): void {
    this.#total += history.bytes - (this.#known.get(history) ?? 0);
    this.#known.set(history, history.bytes);
  }
}
