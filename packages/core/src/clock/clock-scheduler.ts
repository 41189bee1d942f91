import { type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs';
import type { Clock, Milliseconds } from './clock.ts';

/** A clock as an RxJS scheduler, for operators that wait: `debounceTime(500, clockScheduler(clock))`. */
export function clockScheduler(clock: Clock): SchedulerLike {
  return {
    now: () => clock.now(),
    schedule: (work, delay = 0, state) => new Action(clock, work).schedule(state, delay),
  };
}

type Task<T> = (this: SchedulerAction<T>, state: T) => void;

class Action<T> extends Subscription implements SchedulerAction<T> {
  readonly #clock: Clock;
  readonly #task: Task<T>;
  #timer: Disposable | undefined;

  constructor(clock: Clock, task: Task<T>) {
    super();
    this.#clock = clock;
    this.#task = task;
  }

  schedule(state?: T, delay: Milliseconds = 0): Subscription {
    if (this.closed) return this;
    this.#timer?.[Symbol.dispose]();
    // Returned as a promise, because subscribers may continue asynchronously.
    const timer = this.#clock.schedule(delay, async () => {
      if (this.#timer === timer) this.#timer = undefined;
      this.#task(state as T);
      if (this.#timer === undefined) this.unsubscribe();
    });
    this.#timer = timer;
    return this;
  }

  override unsubscribe(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    super.unsubscribe();
  }
}
