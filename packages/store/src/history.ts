import type { StoreEvent } from './watchers.ts';

/** The latest events of one collection, for watches that resume and lists of the recent past. */
export class History {
  readonly #capacity: number;
  #events: StoreEvent[] = [];
  #oldest: number;
  /** Events dropped before the oldest one kept. */
  #dropped = 0;

  /** `oldest` is the revision that the collection was loaded at: changes up to it are unknown. */
  constructor(capacity: number, oldest: number) {
    this.#capacity = capacity;
    this.#oldest = oldest;
  }

  /** All events after this revision are kept. */
  get oldest(): number {
    return this.#oldest;
  }

  /** Number of the latest event. Events are counted from 1, so that events that share a revision are ordered too. */
  get last(): number {
    return this.#dropped + this.#events.length;
  }

  add(event: StoreEvent): void {
    this.#events.push(event);
    // Trimmed by halves, so that each event is moved at most once.
    if (this.#events.length > this.#capacity * 2) this.#drop(this.#events.length - this.#capacity);
  }

  /** The event with that number, if it is still kept. */
  at(number: number): StoreEvent | undefined {
    return this.#events[number - this.#dropped - 1];
  }

  /** Number of the latest event that is not later than the revision. */
  numberAt(revision: number): number {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle]?.revision ?? 0) > revision) high = middle;
      else low = middle + 1;
    }
    return this.#dropped + low;
  }

  /** Forgets events up to and including the revision. */
  compact(revision: number): void {
    this.#drop(this.numberAt(revision) - this.#dropped);
    this.#oldest = Math.max(this.#oldest, revision);
  }

  #drop(count: number): void {
    if (count <= 0) return;
    this.#oldest = Math.max(this.#oldest, this.#events[count - 1]?.revision ?? 0);
    this.#events = this.#events.slice(count);
    this.#dropped += count;
  }
}
