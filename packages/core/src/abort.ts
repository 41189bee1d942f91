import { Observable } from 'rxjs';

/** Resolves when the signal is aborted; at once if it was aborted before. What a loop by hand waits for at its end. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** Emits once and completes when the signal is aborted: `changes.pipe(takeUntil(fromAbort(signal)))`. */
export function fromAbort(signal: AbortSignal): Observable<void> {
  return new Observable((subscriber) => {
    const emit = () => {
      subscriber.next();
      subscriber.complete();
    };
    if (signal.aborted) {
      emit();
      return undefined;
    }
    signal.addEventListener('abort', emit, { once: true });
    return () => signal.removeEventListener('abort', emit);
  });
}
