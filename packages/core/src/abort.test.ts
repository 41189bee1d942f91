import { Subject, takeUntil } from 'rxjs';
import { expect, test } from 'vitest';
import { aborted, fromAbort } from './abort.ts';

test.each(['before', 'after'])('aborted resolves when the signal is aborted %s it is asked', async (when) => {
  const abort = new AbortController();
  if (when === 'before') abort.abort();
  const log: string[] = [];
  const waiting = aborted(abort.signal).then(() => log.push('resolved'));
  await Promise.resolve();
  log.push('asked');
  abort.abort();
  await waiting;
  expect(log).toEqual(when === 'before' ? ['resolved', 'asked'] : ['asked', 'resolved']);
});

test('a stream ends in the moment of the abort', () => {
  const abort = new AbortController();
  const source = new Subject<number>();
  const log: unknown[] = [];
  source.pipe(takeUntil(fromAbort(abort.signal))).subscribe({
    next: (value) => log.push(value),
    complete: () => log.push('complete'),
  });
  source.next(1);
  abort.abort();
  source.next(2);
  expect(log).toEqual([1, 'complete']);
  expect(source.observed).toBe(false);
});

test('a stream that begins after the abort brings nothing', () => {
  const source = new Subject<number>();
  const log: unknown[] = [];
  source.pipe(takeUntil(fromAbort(AbortSignal.abort()))).subscribe({
    next: (value) => log.push(value),
    complete: () => log.push('complete'),
  });
  expect(log).toEqual(['complete']);
});

test('a stream that ends by itself leaves no listener behind', () => {
  const { signal } = new AbortController();
  let listeners = 0;
  const counting = {
    aborted: false,
    addEventListener: (...call: Parameters<AbortSignal['addEventListener']>) => {
      listeners++;
      signal.addEventListener(...call);
    },
    removeEventListener: (...call: Parameters<AbortSignal['removeEventListener']>) => {
      listeners--;
      signal.removeEventListener(...call);
    },
  } as AbortSignal;
  const source = new Subject<number>();
  source.pipe(takeUntil(fromAbort(counting))).subscribe();
  expect(listeners).toBe(1);
  source.complete();
  expect(listeners).toBe(0);
});
