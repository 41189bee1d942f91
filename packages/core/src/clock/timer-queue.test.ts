import { expect, test } from 'vitest';
import { createSeededRandom } from '../random/seeded-random.ts';
import { type Timer, TimerQueue } from './timer-queue.ts';

interface Named extends Timer {
  readonly name: string;
}

function timer(time: number, name: string): Named {
  return {
    time,
    name,
    task: () => undefined,
    awaited: undefined,
    [Symbol.dispose]() {
      this.task = undefined;
    },
  };
}

function takeAll(queue: TimerQueue, until = Number.POSITIVE_INFINITY): string[] {
  const names: string[] = [];
  for (let next = queue.take(until); next !== undefined; next = queue.take(until)) {
    names.push((next as Named).name);
    next.task = undefined;
  }
  return names;
}

test('timers come by time, those of one moment in the order of their making', () => {
  const queue = new TimerQueue();
  for (const [time, name] of [
    [20, 'c'],
    [10, 'a'],
    [20, 'd'],
    [10, 'b'],
    [30, 'e'],
  ] as const)
    queue.add(timer(time, name));
  expect(takeAll(queue, 20)).toEqual(['a', 'b', 'c', 'd']);
  expect(queue.peek()).toMatchObject({ name: 'e' });
  expect(takeAll(queue)).toEqual(['e']);
  expect(queue.peek()).toBeUndefined();
});

test('a timer for the present moment comes after those that are there, whether or not the moment was over', () => {
  const queue = new TimerQueue();
  queue.add(timer(10, 'a'));
  queue.add(timer(10, 'b'));
  expect(queue.take(10)).toMatchObject({ name: 'a' });
  queue.add(timer(10, 'c'));
  expect(takeAll(queue)).toEqual(['b', 'c']);
  queue.add(timer(10, 'd'));
  queue.add(timer(5, 'earlier'));
  expect(takeAll(queue)).toEqual(['earlier', 'd']);
});

test('disposed timers never come, few or many', () => {
  for (const count of [3, 1000]) {
    const queue = new TimerQueue();
    const timers = Array.from({ length: count }, (_, index) => timer(index % 7, `${index}`));
    for (const one of timers) queue.add(one);
    for (const [index, one] of timers.entries()) {
      if (index % 3 === 0) continue;
      one[Symbol.dispose]();
      queue.disposed();
    }
    const kept = timers.filter((_, index) => index % 3 === 0).sort((a, b) => a.time - b.time);
    expect(takeAll(queue)).toEqual(kept.map(({ name }) => name));
  }
});

test('any mixture of adding, taking and disposing gives what a sorted list gives', () => {
  const random = createSeededRandom(7);
  const queue = new TimerQueue();
  let model: { readonly timer: Named; readonly order: number }[] = [];
  let now = 0;
  for (let step = 0; step < 20_000; step++) {
    const choice = random.integer(10);
    if (choice < 5) {
      const added = timer(now + random.integer(20), `${step}`);
      queue.add(added);
      model.push({ timer: added, order: step });
    } else if (choice < 7 && model.length > 0) {
      const [gone] = model.splice(random.integer(model.length), 1);
      gone?.timer[Symbol.dispose]();
      queue.disposed();
    } else {
      model = model.sort((a, b) => a.timer.time - b.timer.time || a.order - b.order);
      const until = now + random.integer(5);
      const expected = (model[0]?.timer.time ?? Number.POSITIVE_INFINITY) <= until ? model.shift()?.timer : undefined;
      const taken = queue.take(until);
      expect(taken).toBe(expected);
      if (taken !== undefined) {
        now = taken.time;
        taken.task = undefined;
      }
    }
  }
});
