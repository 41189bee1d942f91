import { debounceTime, firstValueFrom, interval, map, Subject, take, timer, toArray } from 'rxjs';
import { expect, test } from 'vitest';
import { clockScheduler } from './clock-scheduler.ts';
import { createSimulation } from './simulation.ts';

test('RxJS operators wait on the clock', async () => {
  const simulation = createSimulation({ start: 0 });
  const { clock } = simulation.environment;
  const scheduler = clockScheduler(clock);
  const ticks = firstValueFrom(
    interval(1000, scheduler).pipe(
      take(3),
      map(() => clock.now()),
      toArray(),
    ),
  );
  const typed = new Subject<string>();
  const seen: string[] = [];
  typed.pipe(debounceTime(500, scheduler)).subscribe((text) => seen.push(`${text} at ${clock.now()}`));
  typed.next('a');
  await simulation.advance(400);
  typed.next('ab');
  await simulation.advance('1m');
  expect(await ticks).toEqual([1000, 2000, 3000]);
  expect(seen).toEqual(['ab at 900']);
  expect(scheduler.now()).toBe(60_400);
});

test('promises that wait for an operator go on before time does', async () => {
  const simulation = createSimulation({ start: 0 });
  const { clock } = simulation.environment;
  const log: string[] = [];
  void firstValueFrom(timer(10, clockScheduler(clock))).then(() => log.push(`timer, seen at ${clock.now()}`));
  clock.schedule(11, () => void log.push('next timer'));
  await simulation.advance(20);
  expect(log).toEqual(['timer, seen at 10', 'next timer']);
});

test('nothing fires after it is unsubscribed', async () => {
  const simulation = createSimulation();
  let fired = 0;
  const subscription = interval(10, clockScheduler(simulation.environment.clock)).subscribe(() => fired++);
  await simulation.advance(25);
  subscription.unsubscribe();
  await simulation.advance(100);
  expect(fired).toBe(2);
});
