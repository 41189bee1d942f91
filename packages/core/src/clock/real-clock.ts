import { type Clock, type Duration, type Milliseconds, milliseconds } from './clock.ts';
import { sleepOn } from './sleep.ts';

/** The longest delay that the platform's timers take; longer ones are set in parts. */
const longestTimeout = 0x7fffffff;

/** The wall clock and the platform's timers. */
export function createRealClock(): Clock {
  return clockOver(() => Date.now(), 1);
}

/**
 * Time that runs `factor` times as fast as the wall clock, from this moment on: a factor of 60 makes a minute pass in a
 * second.
 * @throws RangeError if the factor is not a positive number.
 */
export function createScaledClock(factor: number): Clock {
  if (!(factor > 0) || !Number.isFinite(factor)) {
    throw new RangeError(`a clock's factor must be a positive number: ${factor}`);
  }
  const start = Date.now();
  const origin = performance.now();
  return clockOver(() => Math.floor(start + (performance.now() - origin) * factor), factor);
}

function clockOver(now: () => Milliseconds, factor: number): Clock {
  const schedule = (duration: Duration, task: () => void | Promise<unknown>): Disposable =>
    new RealTimer(Math.max(0, milliseconds(duration)) / factor, task);
  return {
    now,
    monotonic: () => performance.now() * factor,
    schedule,
    sleep: (duration, signal) => sleepOn(schedule, duration, signal),
  };
}

class RealTimer implements Disposable {
  readonly #due: Milliseconds;
  readonly #task: () => void | Promise<unknown>;
  #handle: ReturnType<typeof setTimeout> | undefined;

  constructor(delay: Milliseconds, task: () => void | Promise<unknown>) {
    if (Number.isNaN(delay)) throw new RangeError('a timer needs a number of milliseconds');
    this.#due = performance.now() + delay;
    this.#task = task;
    this.#arm(delay);
  }

  #arm(delay: Milliseconds): void {
    this.#handle = setTimeout(() => this.#fire(), Math.min(delay, longestTimeout));
  }

  /** The platform counts from the start of its turn, so its timers may fire up to a millisecond early: ours never do. */
  #fire(): void {
    const left = this.#due - performance.now();
    if (left > 0) this.#arm(left);
    else void this.#task();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#handle);
  }
}
