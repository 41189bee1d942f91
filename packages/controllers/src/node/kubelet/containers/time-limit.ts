import { type Clock, clockScheduler, fromAbort, type Milliseconds } from '@orrery/core';
import { firstValueFrom, from, map, merge, NEVER, timer } from 'rxjs';

/** Waits for a promise for at most `limit` milliseconds or until the signal is aborted. Returns whether it resolved in time. */
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
