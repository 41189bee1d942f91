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
 * Timers in the order of their time, then of their making: a binary heap. Disposed timers stay until they come up or
 * outnumber the live ones. The place of a timer that is taken stays open, so that the timer which its task sets next, the
 * usual case, moves in with one walk down instead of a removal and an insertion.
 */
export class TimerHeap {
  #timers: Timer[] = [];
  #open = false;
  #disposed = 0;

  /** Live timers. */
  get size(): number {
    return this.#timers.length - this.#disposed - (this.#open ? 1 : 0);
  }

  add(timer: Timer): void {
    if (this.#open) {
      this.#open = false;
      this.#sink(0, timer);
      return;
    }
    const timers = this.#timers;
    let place = timers.length;
    timers.push(timer);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = timers[parent] as Timer;
      if (!before(timer, above)) break;
      timers[place] = above;
      place = parent;
    }
    timers[place] = timer;
  }

  /** Says that a timer in the heap has lost its task. */
  disposed(): void {
    this.#disposed++;
    if (this.#disposed > 64 && this.#disposed > this.#timers.length >> 1) this.#compact();
  }

  /** The next live timer, which stays. */
  peek(): Timer | undefined {
    this.#close();
    const timers = this.#timers;
    while (timers.length > 0) {
      const first = timers[0] as Timer;
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
    const last = this.#timers.pop();
    if (last !== undefined && this.#timers.length > 0) this.#sink(0, last);
  }

  #sink(start: number, timer: Timer): void {
    const timers = this.#timers;
    const length = timers.length;
    let place = start;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= length) break;
      let least = timers[child] as Timer;
      if (child + 1 < length) {
        const right = timers[child + 1] as Timer;
        if (before(right, least)) {
          least = right;
          child++;
        }
      }
      if (!before(least, timer)) break;
      timers[place] = least;
      place = child;
    }
    timers[place] = timer;
  }

  #compact(): void {
    this.#close();
    this.#timers = this.#timers.filter((timer) => timer.task !== undefined);
    this.#disposed = 0;
    for (let place = (this.#timers.length >> 1) - 1; place >= 0; place--) {
      this.#sink(place, this.#timers[place] as Timer);
    }
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.time < b.time || (a.time === b.time && a.sequence < b.sequence);
}
