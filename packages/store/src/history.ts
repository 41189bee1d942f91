import type { StoreEvent } from './watchers.ts';

/** The latest events of one collection, for watches that resume and lists of the recent past. */
export class History {
  readonly #capacity: number;
  #events: StoreEvent[] = [];
  #oldest: number;

  /** `oldest` is the revision that the collection was loaded at: nothing is known of changes up to it. */
  constructor(capacity: number, oldest: number) {
    this.#capacity = capacity;
    this.#oldest = oldest;
  }

  /** Events after this revision are all here. */
  get oldest(): number {
    return this.#oldest;
  }

  add(event: StoreEvent): void {
    this.#events.push(event);
    // Trimmed by halves, so that each event is moved at most once.
    if (this.#events.length > this.#capacity * 2) this.#trim(this.#events.length - this.#capacity);
  }

  /** Events later than the revision, oldest first. */
  after(revision: number): readonly StoreEvent[] {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle]?.revision ?? 0) > revision) high = middle;
      else low = middle + 1;
    }
    return low === this.#events.length ? [] : this.#events.slice(low);
  }

  /** Forgets events up to and including the revision. */
  compact(revision: number): void {
    const keep = this.after(revision);
    this.#oldest = Math.max(this.#oldest, revision);
    this.#events = [...keep];
  }

  #trim(count: number): void {
    this.#oldest = this.#events[count - 1]?.revision ?? this.#oldest;
    this.#events = this.#events.slice(count);
  }
}
