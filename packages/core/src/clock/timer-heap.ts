import type { Milliseconds } from './clock.ts';
import type { Retry } from './retry.ts';

/** A timer of a simulation. `task` is undefined once it has fired or was disposed. */
export interface Timer extends Disposable {
  readonly time: Milliseconds;
  readonly sequence: number;
  task: (() => void | Promise<unknown>) | undefined;
  readonly retry: Retry | undefined;
}

/**
 * Timers in the order of their time, then of their making: a binary heap. Times, sequence numbers and places lie in plain
 * arrays of numbers, so that finding the next timer reads no timer. Disposed timers stay until they come up or outnumber the
 * live ones. The place of a timer that is taken stays open, so that the timer which its task sets next, the usual case, moves
 * in with one walk down instead of a removal and an insertion.
 */
export class TimerHeap {
  #capacity = 64;
  #count = 0;
  #times = new Float64Array(this.#capacity);
  #sequences = new Float64Array(this.#capacity);
  /** Where each timer stands in {@link #timers}. */
  #slots = new Int32Array(this.#capacity);
  readonly #timers: (Timer | undefined)[] = [];
  readonly #freeSlots: number[] = [];
  #open = false;
  #disposed = 0;

  /** Live timers. */
  get size(): number {
    return this.#count - this.#disposed - (this.#open ? 1 : 0);
  }

  add(timer: Timer): void {
    if (this.#open) {
      this.#open = false;
      const slot = this.#slots[0] as number;
      this.#timers[slot] = timer;
      this.#lower(timer.time, timer.sequence, slot);
      return;
    }
    if (this.#count === this.#capacity) this.#grow();
    const slot = this.#freeSlots.pop() ?? this.#timers.length;
    this.#timers[slot] = timer;
    this.#raise(this.#count++, timer.time, timer.sequence, slot);
  }

  /** Says that a timer in the heap has lost its task. */
  disposed(): void {
    this.#disposed++;
    if (this.#disposed > 64 && this.#disposed > this.#count >> 1) this.#compact();
  }

  /** The next live timer, which stays. */
  peek(): Timer | undefined {
    this.#close();
    while (this.#count > 0) {
      const first = this.#timers[this.#slots[0] as number] as Timer;
      if (first.task !== undefined) return first;
      this.#disposed--;
      this.#removeFirst();
    }
    return undefined;
  }

  /** The next live timer that is due at `time`, removed; undefined if none is due. */
  take(time: Milliseconds): Timer | undefined {
    const first = this.peek();
    if (first === undefined || first.time > time) return undefined;
    this.#open = true;
    return first;
  }

  #close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#removeFirst();
  }

  #removeFirst(): void {
    const slot = this.#slots[0] as number;
    this.#timers[slot] = undefined;
    this.#freeSlots.push(slot);
    const last = --this.#count;
    if (last > 0)
      this.#lower(this.#times[last] as number, this.#sequences[last] as number, this.#slots[last] as number);
  }

  /**
   * Puts a timer in where the first was. The lesser child moves up all the way, then the timer rises from the end: it is nearly
   * always one of the latest, so this compares half as often as walking down with it.
   */
  #lower(time: Milliseconds, sequence: number, slot: number): void {
    const times = this.#times;
    const sequences = this.#sequences;
    const slots = this.#slots;
    const count = this.#count;
    let place = 0;
    for (let child = 1; child < count; child = 2 * place + 1) {
      const right = child + 1;
      if (right < count) {
        const a = times[right] as number;
        const b = times[child] as number;
        if (a < b || (a === b && (sequences[right] as number) < (sequences[child] as number))) child = right;
      }
      times[place] = times[child] as number;
      sequences[place] = sequences[child] as number;
      slots[place] = slots[child] as number;
      place = child;
    }
    this.#raise(place, time, sequence, slot);
  }

  /** Puts a timer in at an open place, or above it. */
  #raise(from: number, time: Milliseconds, sequence: number, slot: number): void {
    const times = this.#times;
    const sequences = this.#sequences;
    const slots = this.#slots;
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = times[parent] as number;
      if (above < time || (above === time && (sequences[parent] as number) < sequence)) break;
      times[place] = above;
      sequences[place] = sequences[parent] as number;
      slots[place] = slots[parent] as number;
      place = parent;
    }
    times[place] = time;
    sequences[place] = sequence;
    slots[place] = slot;
  }

  #grow(): void {
    this.#capacity *= 2;
    const times = new Float64Array(this.#capacity);
    const sequences = new Float64Array(this.#capacity);
    const slots = new Int32Array(this.#capacity);
    times.set(this.#times);
    sequences.set(this.#sequences);
    slots.set(this.#slots);
    this.#times = times;
    this.#sequences = sequences;
    this.#slots = slots;
  }

  #compact(): void {
    this.#close();
    const live = this.#timers.filter((timer) => timer?.task !== undefined) as Timer[];
    this.#timers.length = 0;
    this.#freeSlots.length = 0;
    this.#count = 0;
    this.#disposed = 0;
    for (const timer of live) this.add(timer);
  }
}
