import TinyQueue from 'tinyqueue';
import type { Milliseconds } from './clock.ts';
import type { Retry } from './retry.ts';

/** A timer of a simulation. `task` is undefined once it has fired or was disposed. */
export interface Timer extends Disposable {
  readonly time: Milliseconds;
  task: (() => void | Promise<unknown>) | undefined;
  readonly awaited: Awaited | undefined;
}

/** What a simulation that settles passes over: the wait before a retry, or something on its way. */
export type Awaited =
  | { readonly type: 'retry'; readonly retry: Retry }
  | { readonly type: 'arrival'; readonly what: string };

/** The timers of one moment, in the order of their making. */
interface Moment {
  readonly time: Milliseconds;
  readonly timers: Timer[];
  /** Place of the first timer that has not been taken. */
  next: number;
}

/**
 * Timers in the order of their time, then of their making. Virtual time has few distinct moments, and what is periodic meets
 * at them again and again, so timers are kept by moment: most are added and taken without any search. Disposed timers stay
 * until they come up or outnumber the live ones.
 */
export class TimerQueue {
  readonly #byTime = new Map<Milliseconds, Moment>();
  #order = new TinyQueue<Moment>([], byTime);
  /** Where the last timer went: the next one often goes there too. */
  #latest: Moment | undefined;
  #count = 0;
  #disposed = 0;

  add(timer: Timer): void {
    const { time } = timer;
    let moment = this.#latest;
    if (moment?.time !== time) {
      moment = this.#byTime.get(time);
      if (moment === undefined) {
        moment = { time, timers: [], next: 0 };
        this.#byTime.set(time, moment);
        this.#order.push(moment);
      }
      this.#latest = moment;
    }
    moment.timers.push(timer);
    this.#count++;
  }

  /** Says that a timer in the queue has lost its task. */
  disposed(): void {
    this.#disposed++;
    if (this.#disposed > 64 && this.#disposed > this.#count >> 1) this.#compact();
  }

  /** The next live timer, which stays. */
  peek(): Timer | undefined {
    for (let moment = this.#order.peek(); moment !== undefined; moment = this.#order.peek()) {
      const { timers } = moment;
      while (moment.next < timers.length) {
        const timer = timers[moment.next] as Timer;
        if (timer.task !== undefined) return timer;
        moment.next++;
        this.#count--;
        this.#disposed--;
      }
      this.#order.pop();
      this.#byTime.delete(moment.time);
      if (this.#latest === moment) this.#latest = undefined;
    }
    return undefined;
  }

  /** The next live timer that is due at `time`, removed; undefined if none is due. */
  take(time: Milliseconds): Timer | undefined {
    const timer = this.peek();
    if (timer === undefined || timer.time > time) return undefined;
    (this.#order.peek() as Moment).next++;
    this.#count--;
    return timer;
  }

  #compact(): void {
    const live: Moment[] = [];
    this.#count = 0;
    this.#disposed = 0;
    this.#latest = undefined;
    for (const { time, timers, next } of this.#byTime.values()) {
      const left = timers.slice(next).filter(({ task }) => task !== undefined);
      this.#count += left.length;
      if (left.length > 0) live.push({ time, timers: left, next: 0 });
    }
    this.#byTime.clear();
    for (const moment of live) this.#byTime.set(moment.time, moment);
    this.#order = new TinyQueue(live, byTime);
  }
}

function byTime(a: Moment, b: Moment): number {
  return a.time - b.time;
}
