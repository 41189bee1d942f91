import { describe, expect, test } from 'vitest';
import type { TurnPriority } from '../work.ts';
import { FairTurns } from './fair-turns.ts';

/** Turns over a clock and an event loop that the test moves by hand. */
function setup(slice = 4) {
  let now = 0;
  let tasks: (() => void)[] = [];
  const turns = new FairTurns({ now: () => now, nextTask: (task) => tasks.push(task), slice });
  return {
    turns,
    spend: (milliseconds: number) => {
      now += milliseconds;
    },
    /** Lets all promise continuations run. */
    drain: () => new Promise<void>((resolve) => setImmediate(resolve)),
    /** Begins the next task of the event loop. */
    async next() {
      const due = tasks;
      tasks = [];
      for (const task of due) task();
      await new Promise<void>((resolve) => setImmediate(resolve));
    },
    get scheduled() {
      return tasks.length;
    },
  };
}

/** An actor that takes so many turns, each of which takes so long. */
async function work(
  { turns, spend }: ReturnType<typeof setup>,
  actor: string,
  count: number,
  each: number,
  log: string[],
  priority?: TurnPriority,
): Promise<void> {
  for (let i = 1; i <= count; i++) {
    await turns.turn(actor, priority);
    spend(each);
    log.push(`${actor}${i}`);
  }
}

describe('turns on the real clock', () => {
  test('are free while a task of the event loop is young', async () => {
    const loop = setup();
    const log: string[] = [];
    await work(loop, 'a', 3, 1, log);
    expect(log).toEqual(['a1', 'a2', 'a3']);
  });

  test('wait for a later task once the slice is used up, however much is queued', async () => {
    const loop = setup();
    const log: string[] = [];
    void work(loop, 'a', 1000, 1, log);
    await loop.drain();
    expect(log).toHaveLength(4);
    await loop.next();
    expect(log).toHaveLength(8);
    for (let task = 0; task < 248; task++) await loop.next();
    expect(log).toHaveLength(1000);
  });

  test('end the slice after one step, however long that was', async () => {
    const loop = setup();
    const log: string[] = [];
    void work(loop, 'slow', 3, 50, log);
    await loop.drain();
    expect(log).toEqual(['slow1']);
    await loop.next();
    expect(log).toEqual(['slow1', 'slow2']);
  });

  test('go round the actors that wait, so that one with much to do holds up nobody', async () => {
    const loop = setup(2);
    const log: string[] = [];
    for (let i = 0; i < 100; i++) void work(loop, 'busy', 1, 1, log);
    void work(loop, 'heartbeat', 1, 1, log);
    await loop.drain();
    await loop.next();
    expect(log.indexOf('heartbeat1')).toBeGreaterThanOrEqual(0);
    expect(log.indexOf('heartbeat1')).toBeLessThan(5);
  });

  test("one actor's turns come in the order in which they were asked for", async () => {
    const loop = setup(1);
    const log: number[] = [];
    for (let i = 0; i < 20; i++) {
      void loop.turns.turn('a').then(() => {
        loop.spend(1);
        log.push(i);
      });
    }
    for (let task = 0; task < 20; task++) await loop.next();
    expect(log).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  test('with high priority come before all that wait', async () => {
    const loop = setup(1);
    const log: string[] = [];
    for (let i = 0; i < 50; i++) void work(loop, `busy${i} `, 10, 1, log);
    await loop.drain();
    const before = log.length;
    void work(loop, 'heartbeat', 3, 1, log, 'high');
    for (let task = 0; task < 3; task++) await loop.next();
    expect(log.slice(before, before + 3)).toEqual(['heartbeat1', 'heartbeat2', 'heartbeat3']);
  });

  test('with low priority come when nobody else waits', async () => {
    const loop = setup(1);
    const log: string[] = [];
    void work(loop, 'first', 1, 1, log);
    void work(loop, 'sum', 1, 1, log, 'low');
    for (let i = 0; i < 5; i++) void work(loop, `busy${i} `, 2, 1, log);
    for (let task = 0; task < 12; task++) await loop.next();
    expect(log).toHaveLength(12);
    expect(log.at(-1)).toBe('sum1');
  });

  test('with low priority wait for others no more than so many tasks, and are served in rotation then', async () => {
    const loop = setup(1);
    const log: string[] = [];
    for (let i = 0; i < 3; i++) void work(loop, `busy${i} `, 1000, 1, log);
    void work(loop, 'sum', 2, 1, log, 'low');
    for (let task = 0; task < 40; task++) await loop.next();
    const [first, second] = [log.indexOf('sum1'), log.indexOf('sum2')];
    expect(first).toBeGreaterThan(10);
    expect(first).toBeLessThan(16 + 5);
    expect(second - first).toBeGreaterThan(10);
    expect(second - first).toBeLessThan(16 + 5);
  });

  test('with low priority are free while nobody waits and the task is young', async () => {
    const loop = setup();
    const log: string[] = [];
    await work(loop, 'sum', 3, 1, log, 'low');
    expect(log).toEqual(['sum1', 'sum2', 'sum3']);
  });

  test('say that a task is crowded once its slice is used up, until the next one begins', async () => {
    const loop = setup();
    expect(loop.turns.crowded()).toBe(false);
    loop.spend(3);
    expect(loop.turns.crowded()).toBe(false);
    loop.spend(1);
    expect(loop.turns.crowded()).toBe(true);
    await loop.next();
    expect(loop.turns.crowded()).toBe(false);
  });

  test('set nothing going while nobody asks', async () => {
    const loop = setup();
    await loop.turns.turn('a');
    expect(loop.scheduled).toBe(1);
    await loop.next();
    expect(loop.scheduled).toBe(0);
  });
});
