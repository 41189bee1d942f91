import { describe, expect, test } from 'vitest';
import { createRealClock, createScaledClock } from './real-clock.ts';
import { createEnvironment } from './real-environment.ts';

test('a scaled clock starts at the present', () => {
  const before = Date.now();
  const clock = createScaledClock(1e-9);
  expect(clock.now()).toBeGreaterThanOrEqual(before);
  expect(clock.now()).toBeLessThanOrEqual(Date.now());
});

test('a scaled clock passes an hour in the time that it takes, and never wakes a sleeper early', async () => {
  const clock = createScaledClock(3_600_000);
  for (let nth = 0; nth < 50; nth++) {
    const start = clock.now();
    await clock.sleep('1h');
    expect(clock.now() - start).toBeGreaterThanOrEqual(3_599_999); // one for rounding
  }
});

test('timers fire once, in order, and not after they are disposed', async () => {
  const clock = createRealClock();
  const fired: string[] = [];
  clock.schedule(1, () => void fired.push('a'));
  clock.schedule(1, () => void fired.push('never'))[Symbol.dispose]();
  await clock.sleep(2);
  expect(fired).toEqual(['a']);
});

test('a timer beyond what the platform can count does not fire at once', async () => {
  const clock = createRealClock();
  let fired = false;
  const timer = clock.schedule('365d', () => {
    fired = true;
  });
  await clock.sleep(3);
  timer[Symbol.dispose]();
  expect(fired).toBe(false);
});

test('a sleep ends with the reason of its signal', async () => {
  const abort = new AbortController();
  const sleep = createRealClock().sleep('1h', abort.signal);
  abort.abort(new Error('stop'));
  await expect(sleep).rejects.toThrow('stop');
});

describe('environment', () => {
  test.each(['x0', 'x', 'fast', 'x-1', ''])('there is no clock %j', (clock) => {
    expect(() => createEnvironment({ clock })).toThrow();
  });

  test('turns are free, and a seed makes chance repeatable', async () => {
    const { work, random } = createEnvironment({ clock: 'x60', seed: 5 });
    using _busy = work.busy('nothing');
    await work.turn('anybody');
    expect(random.next()).toBe(createEnvironment({ seed: 5 }).random.next());
  });
});
