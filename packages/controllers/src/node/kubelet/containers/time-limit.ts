import type { Clock, Milliseconds } from '@orrery/core';

/** Waits for a promise, but not longer than so many milliseconds, and not once the signal is aborted. Whether it was resolved in time. */
export async function within(
  clock: Clock,
  limit: Milliseconds,
  task: Promise<unknown>,
  signal?: AbortSignal,
): Promise<boolean> {
  if (limit <= 0 || signal?.aborted === true) return false;
  let timer: Disposable | undefined;
  let stop: (() => void) | undefined;
  const given = new Promise<boolean>((resolve) => {
    timer = clock.schedule(limit, async () => resolve(false));
    stop = () => resolve(false);
    signal?.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([task.then(() => true), given]);
  } finally {
    timer?.[Symbol.dispose]();
    if (stop !== undefined) signal?.removeEventListener('abort', stop);
  }
}
