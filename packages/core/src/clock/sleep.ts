import type { Clock, Duration } from './clock.ts';

/** `Clock.sleep` in terms of `Clock.schedule`. */
export function sleepOn(schedule: Clock['schedule'], duration: Duration, signal?: AbortSignal): Promise<void> {
  if (signal === undefined) return new Promise((resolve) => schedule(duration, resolve));
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const timer = schedule(duration, () => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
    const abort = () => {
      timer[Symbol.dispose]();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
  });
}
