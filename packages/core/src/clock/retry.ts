import type { Cause } from '../inspection.ts';
import type { Clock, Milliseconds } from './clock.ts';

/** A pending retry, named in the error when a simulation finds that it never ends. */
export interface Retry {
  readonly actor: string;
  readonly key: string;
  /** How many times in a row it has failed. */
  readonly attempt: number;
  /** What the last try failed with. */
  readonly error: string;
  readonly causes: readonly Cause[];
}

/** A clock that wants to know which timers are retries: a simulation passes over them when it settles. */
export interface RetryClock extends Clock {
  scheduleRetry(delay: Milliseconds, retry: Retry, task: () => void): Disposable;
}

/** Schedules another try of something that failed. On clocks that make no difference it is an ordinary timer. */
export function scheduleRetry(clock: Clock, delay: Milliseconds, retry: Retry, task: () => void): Disposable {
  return 'scheduleRetry' in clock
    ? (clock as RetryClock).scheduleRetry(delay, retry, task)
    : clock.schedule(delay, task);
}
