import { expect, test } from 'vitest';
import { interruptible } from './interruptible.ts';

test('a task gives its value, or its own failure', async () => {
  const { signal } = new AbortController();
  expect(await interruptible(signal, Promise.resolve(1))).toBe(1);
  await expect(interruptible(signal, Promise.reject(new Error('own')))).rejects.toThrow('own');
});

test('an abort is not kept waiting, and a failure that comes after it is nobody’s', async () => {
  const controller = new AbortController();
  const task = Promise.withResolvers<void>();
  const waiting = interruptible(controller.signal, task.promise);
  const reason = new Error('over');
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  const late = interruptible(controller.signal, task.promise);
  await expect(late).rejects.toBe(reason);
  // Vitest fails a run in which a rejection is not handled.
  task.reject(new Error('late'));
});
