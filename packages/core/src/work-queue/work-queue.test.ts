import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Duration } from '../clock/clock.ts';
import { createSimulation } from '../clock/simulation.ts';
import type { Cause, Inspection } from '../inspection.ts';
import { backOff } from './back-off.ts';
import { type Causes, mergeCause } from './causes.ts';
import { createWorkQueue, type WorkQueueOptions } from './work-queue.ts';

const cause = (resourceVersion: string, key = 'a'): Cause => ({
  type: 'modified',
  kind: 'v1/Pod',
  key,
  resourceVersion,
});

function setup(process: WorkQueueOptions['process'], options: Partial<WorkQueueOptions> = {}) {
  const simulation = createSimulation({ start: 0 });
  const { environment } = simulation;
  const log: Inspection[] = [];
  environment.inspector.events.subscribe((event) => log.push(event));
  const queue = createWorkQueue({ environment, actor: 'test', process, ...options });
  return { simulation, environment, queue, log, types: () => log.map((event) => event.type) };
}

test.each([
  [0, 5],
  [1, 10],
  [2, 20],
  [10, 5120],
  [17, 655_360],
  [18, 1_000_000],
  [5000, 1_000_000],
])('after %i failures before, the back-off is %i ms', (failures, wait) => {
  expect(backOff(failures)).toBe(wait);
});

test('jitter adds up to a fraction of the wait, also of the longest', () => {
  const options = { base: '1s', max: '5s', jitter: 0.5 } as const;
  const draw = (next: number) => ({ next: () => next });
  expect([0, 0.5, 0.999999].map((next) => backOff(1, options, draw(next)))).toEqual([2000, 2500, 3000]);
  expect(backOff(9, options, draw(0.5))).toBe(6250);
  expect(backOff(1, { base: '1s', max: '5s' }, draw(0.5))).toBe(2000);
});

describe('causes', () => {
  test('the same cause again keeps the later revision', () => {
    expect(mergeCause([cause('1')], cause('2'))).toEqual([cause('2')]);
  });

  test('causes on other objects are kept apart, up to a bound', () => {
    let causes: Causes = [];
    for (let i = 0; i < 100; i++) causes = mergeCause(causes, cause('1', `pod-${i}`));
    expect(causes).toHaveLength(32);
  });
});

describe('queue', () => {
  test('a key that waits already is processed once, with all causes', async () => {
    const seen: Causes[] = [];
    const { queue, simulation, types } = setup((_, causes) => void seen.push(causes));
    queue.add('a', cause('1'));
    queue.add('a', cause('2', 'b'));
    await simulation.settle();
    expect(seen).toEqual([[cause('1'), cause('2', 'b')]]);
    expect(types()).toEqual(['queued', 'merged', 'started', 'finished']);
  });

  test('a key that is added while it is processed is processed once more, afterwards', async () => {
    let runs = 0;
    const { queue, simulation, types } = setup(async () => {
      runs++;
      if (runs > 1) return;
      queue.add('a', cause('2'));
      queue.add('a', cause('3'));
      expect(queue.length).toBe(1);
      await simulation.environment.work.turn('test');
    });
    queue.add('a', cause('1'));
    await simulation.settle();
    expect(runs).toBe(2);
    expect(types()).toEqual(['queued', 'started', 'queued', 'merged', 'finished', 'started', 'finished']);
  });

  test('a failure is emitted, and retried with growing waits until it succeeds', async () => {
    const times: number[] = [];
    const { queue, simulation, environment, log } = setup(() => {
      times.push(environment.clock.now());
      if (times.length < 4) throw new Error(`failure ${times.length}`);
    });
    queue.add('a', cause('1'));
    await simulation.settle();
    expect(times).toEqual([0, 5, 15, 35]);
    expect(queue.failures('a')).toBe(0);
    expect(log.filter((event) => event.type === 'failed')).toMatchObject([
      { error: 'failure 1', attempt: 1, causes: [cause('1')] },
      { error: 'failure 2', attempt: 2, causes: [cause('1'), { type: 'retry' }] },
      { error: 'failure 3', attempt: 3 },
    ]);
    expect(log.filter((event) => event.type === 'requeued')).toMatchObject([
      { reason: 'failed', after: 5 },
      { reason: 'failed', after: 10 },
      { reason: 'failed', after: 20 },
    ]);
  });

  test('an event in the middle of a back-off is processed at once, and success ends the back-off', async () => {
    const times: number[] = [];
    const { queue, simulation, environment } = setup(
      () => {
        times.push(environment.clock.now());
        if (times.length === 1) throw new Error('not yet');
      },
      { backOff: { base: 1000, max: 1000 } },
    );
    queue.add('a', cause('1'));
    await simulation.advance(500);
    queue.add('a', cause('2'));
    await simulation.advance('1m');
    expect(times).toEqual([0, 500]);
  });

  test('an asked-for wait is replaced by what the next processing asks for', async () => {
    const times: number[] = [];
    const { queue, simulation, environment } = setup(() => {
      times.push(environment.clock.now());
      return times.length === 1 ? { requeueAfter: '30s' } : times.length === 2 ? { requeueAfter: '1m' } : {};
    });
    queue.add('a', cause('1'));
    await simulation.advance('10s');
    queue.add('a', cause('2'));
    await simulation.advance('10m');
    expect(times).toEqual([0, 10_000, 70_000]);
  });

  test('a wait that is no duration counts as a failure', async () => {
    const { queue, simulation } = setup(() => ({ requeueAfter: 'soon' as Duration }));
    queue.add('a', cause('1'));
    await expect(simulation.settle()).rejects.toThrow('invalid duration "soon"');
  });

  test('of several delayed additions of a key the earliest counts', async () => {
    const times: number[] = [];
    const { queue, simulation, environment } = setup(() => void times.push(environment.clock.now()));
    queue.addAfter('a', 300);
    queue.addAfter('a', 100);
    queue.addAfter('a', 200);
    queue.addAfter('b', 0);
    await simulation.advance(1000);
    expect(times).toEqual([0, 100]);
  });

  test('rate-limited additions from within the processing grow, until forgotten', async () => {
    const times: number[] = [];
    const { queue, simulation, environment } = setup((key) => {
      times.push(environment.clock.now());
      if (times.length < 4) queue.addRateLimited(key);
      else queue.forget(key);
    });
    queue.add('a', cause('1'));
    await simulation.settle();
    expect(times).toEqual([0, 5, 15, 35]);
    expect(queue.failures('a')).toBe(0);
  });

  test('stop waits for what is in process and drops the rest', async () => {
    let ended = 0;
    const { queue, simulation, environment } = setup(async () => {
      await environment.clock.sleep(10);
      ended++;
    });
    queue.add('a', cause('1'));
    queue.add('b', cause('1'));
    queue.addAfter('c', 5);
    await simulation.idle();
    const stopped = queue.stop();
    queue.add('d', cause('1'));
    await simulation.advance(100);
    await stopped;
    expect(ended).toBe(1);
    await queue.stop();
  });

  test('the concurrency must be a positive integer', () => {
    expect(() => setup(() => undefined, { concurrency: 0 })).toThrow(RangeError);
  });

  test('it never loses a key, never processes one twice at once, and keeps to the concurrency', async () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      how: fc.constantFrom('add', 'addAfter', 'addRateLimited'),
      delay: fc.nat({ max: 30 }),
      gap: fc.nat({ max: 20 }),
    });
    const outcome = fc.record({
      takes: fc.nat({ max: 15 }),
      fails: fc.boolean(),
      again: fc.option(fc.nat({ max: 20 })),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.integer({ min: 1, max: 3 }),
        fc.array(step, { maxLength: 40 }),
        fc.array(outcome, { minLength: 1, maxLength: 20 }),
        async (seed, concurrency, steps, outcomes) => {
          const simulation = createSimulation({ seed, start: 0 });
          const { environment } = simulation;
          const running = new Set<string>();
          const wanted = new Map<string, number>();
          const started = new Map<string, number>();
          const faults: string[] = [];
          let run = 0;
          const queue = createWorkQueue({
            environment,
            actor: 'test',
            concurrency,
            process: async (key) => {
              if (running.has(key)) faults.push(`${key} runs twice at once`);
              running.add(key);
              if (running.size > concurrency) faults.push(`${running.size} run at once`);
              started.set(key, environment.clock.now());
              const { takes, fails, again } = outcomes[run % outcomes.length] as (typeof outcomes)[number];
              if (takes > 0) await environment.clock.sleep(takes);
              running.delete(key);
              if (run++ > 200) return;
              if (fails) throw new Error('failed');
              return again === null ? undefined : { requeueAfter: again };
            },
          });
          for (const { key, how, delay, gap } of steps) {
            wanted.set(key, environment.clock.now());
            if (how === 'addAfter') queue.addAfter(key, delay);
            else if (how === 'add') queue.add(key, cause('1'));
            else queue.addRateLimited(key);
            await simulation.advance(gap);
          }
          await simulation.advance('10d');
          expect(faults).toEqual([]);
          expect(queue.length).toBe(0);
          for (const [key, time] of wanted) expect(started.get(key)).toBeGreaterThanOrEqual(time);
        },
      ),
      { numRuns: 60 },
    );
  });
});
