import { type Clock, clockScheduler, fromAbort, type Milliseconds } from '@orrery/core';
import { firstValueFrom, from, map, merge, NEVER, timer } from 'rxjs';

/** Waits for a promise, but not longer than so many milliseconds, and not once the signal is aborted. Whether it was resolved in time. */
export async function within(
  clock: Clock,
  limit: Milliseconds,
  task: Promise<unknown>,
  signal?: AbortSignal,
): Promise<boolean> {
  if (limit <= 0 || signal?.aborted === true) return false;
  const done = from(task).pipe(map(() => true));
  const tooLate = merge(timer(limit, clockScheduler(clock)), signal === undefined ? NEVER : fromAbort(signal));
  return firstValueFrom(merge(done, tooLate.pipe(map(() => false))));
}
