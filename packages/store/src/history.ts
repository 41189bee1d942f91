import type { HistoryBudget } from './history-budget.ts';
import { bytesBeside } from './object-size.ts';
import type { StoreEvent } from './watchers.ts';

/** The latest events of one collection, for watches that resume and lists of the recent past. */
export class History {
  readonly #capacity: number;
  readonly #budget: HistoryBudget;
  #events: StoreEvent[] = [];
  /** Bytes that each event keeps in memory: see {@link bytesKept}. */
  #sizes: number[] = [];
  #bytes = 0;
  #oldest: number;
  /** Events dropped before the oldest one kept. */
  #dropped = 0;

  /** `oldest` is the revision that the collection was loaded at: changes up to it are unknown. */
  constructor(capacity: number, oldest: number, budget: HistoryBudget) {
    this.#capacity = capacity;
    this.#oldest = oldest;
    this.#budget = budget;
  }

  /** Bytes that the events keep in memory, roughly. */
  get bytes(): number {
    return this.#bytes;
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
    const size = bytesKept(event);
    this.#events.push(event);
    this.#sizes.push(size);
    this.#bytes += size;
    // Trimmed by halves, so that each event is moved at most once.
    if (this.#events.length > this.#capacity * 2) this.#drop(this.#events.length - this.#capacity);
    this.#budget.changed(this);
  }

  /** Forgets the oldest events until at most half of the bytes are held, but not the latest. */
  halve(): void {
    let count = 0;
    for (let left = this.#bytes; left > this.#bytes / 2 && count < this.#events.length - 1; count++)
      left -= this.#sizes[count] ?? 0;
    this.#drop(count);
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
    for (let index = 0; index < count; index++) this.#bytes -= this.#sizes[index] ?? 0;
    this.#events = this.#events.slice(count);
    this.#sizes = this.#sizes.slice(count);
    this.#dropped += count;
  }
}

/**
 * Bytes that would be free without the event, roughly: the state that it ended. The state that it began is the collection's own
 * until the next event ends it. Takes time only for what differs.
 */
function bytesKept({ type, object, previous }: StoreEvent): number {
  return bytesBeside(previous, type === 'deleted' ? undefined : object);
}
