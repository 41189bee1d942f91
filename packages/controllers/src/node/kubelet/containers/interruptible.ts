import { fromAbort } from '@orrery/core';
import { firstValueFrom, map, merge } from 'rxjs';

/** Waits for a promise until the signal is aborted. The task itself continues; a later failure is ignored. @throws the abort's reason */
export function interruptible<T>(signal: AbortSignal, task: Promise<T>): Promise<T> {
  const abort = fromAbort(signal).pipe(
    map((): never => {
      throw signal.reason;
    }),
  );
  return firstValueFrom(merge(task, abort));
}
