import type { Clock, Milliseconds } from './clock.ts';

/** A clock that wants to know what is on its way: a simulation does not count as settled before it has arrived. */
export interface TransitClock extends Clock {
  scheduleArrival(delay: Milliseconds, what: string, task: () => void): Disposable;
}

/**
 * Schedules the arrival of something that is on its way: a request, an answer, an event of a watch. `what` names it for people.
 * On clocks that make no difference it is an ordinary timer.
 */
export function scheduleArrival(clock: Clock, delay: Milliseconds, what: string, task: () => void): Disposable {
  return 'scheduleArrival' in clock
    ? (clock as TransitClock).scheduleArrival(delay, what, task)
    : clock.schedule(delay, task);
}
