import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PathError } from '../choices/choices.ts';
import { createScaledClock } from './real-clock.ts';
import { scheduleRetry } from './retry.ts';
import { createSimulation, type Simulation, type SimulationOptions } from './simulation.ts';
import { scheduleArrival } from './transit.ts';

/** Actors that write down when they have their turn. */
function actors(simulation: Simulation, count: number, turns: number): string[] {
  const order: string[] = [];
  for (let i = 0; i < count; i++) {
    const name = `actor-${i}`;
    void (async () => {
      for (let turn = 0; turn < turns; turn++) {
        await simulation.environment.work.turn(name);
        order.push(`${name}/${turn}`);
      }
    })();
  }
  return order;
}

async function orderOf(seed: number, count: number, turns: number): Promise<string[]> {
  const simulation = createSimulation({ seed });
  const order = actors(simulation, count, turns);
  await simulation.settle();
  return order;
}

describe('turns', () => {
  test('the same seed gives the same order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), async (seed, n, m) => {
        expect(await orderOf(seed, n, m)).toEqual(await orderOf(seed, n, m));
      }),
      { numRuns: 50 },
    );
  });

  test('different seeds give different orders', async () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 20; seed++) orders.add((await orderOf(seed, 4, 4)).join());
    expect(orders.size).toBe(20);
  });

  test('one actor has its turns in the order in which it asked', async () => {
    const { environment, settle } = bound(createSimulation({ seed: 7 }));
    const order: number[] = [];
    for (let i = 0; i < 5; i++) void environment.work.turn('a').then(() => order.push(i));
    for (let i = 0; i < 5; i++) void environment.work.turn('b');
    await settle();
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  test('one turn runs until no promise continuation is ready before the next is given', async () => {
    const simulation = createSimulation({ seed: 3 });
    const log: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      void (async () => {
        await simulation.environment.work.turn(name);
        log.push(name);
        for (let i = 0; i < 50; i++) await null;
        log.push(name);
      })();
    }
    await simulation.settle();
    for (let i = 0; i < log.length; i += 2) expect(log[i]).toBe(log[i + 1]);
  });

  test('turns are given without anybody driving time', async () => {
    const { environment } = createSimulation();
    await environment.work.turn('client');
    await environment.work.turn('client');
  });

  test('busy work holds turns and time', async () => {
    const simulation = createSimulation();
    const { work, clock } = simulation.environment;
    const log: string[] = [];
    const busy = work.busy('shell');
    void work.turn('a').then(() => log.push('turn'));
    clock.schedule(10, () => void log.push('timer'));
    const advanced = simulation.advance(10);
    expect(simulation.pending()).toEqual(['busy: shell', 'turn: a']);
    setImmediate(() => {
      log.push('done');
      busy[Symbol.dispose]();
    });
    await advanced;
    expect(log).toEqual(['done', 'turn', 'timer']);
    expect(simulation.pending()).toEqual([]);
  });
});

describe('time', () => {
  test('starts at the first moment of 2026 and stands still', async () => {
    const simulation = createSimulation();
    await simulation.settle();
    expect(new Date(simulation.environment.clock.now()).toISOString()).toBe('2026-01-01T00:00:00.000Z');
  });

  test('timers fire in the order of their time, then of their making, and see their time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ delay: fc.nat({ max: 20 }), dispose: fc.boolean(), again: fc.nat({ max: 5 }) })),
        async (plan) => {
          const simulation = createSimulation({ start: 0 });
          const { clock } = simulation.environment;
          const expected: [number, number][] = [];
          const fired: [number, number][] = [];
          plan.forEach(({ delay, dispose, again }, i) => {
            const timer = clock.schedule(delay, () => {
              fired.push([clock.now(), i]);
              clock.schedule(again, () => void fired.push([clock.now(), 1000 + i]));
            });
            if (dispose) timer[Symbol.dispose]();
            else expected.push([delay, i], [delay + again, 1000 + i]);
          });
          await simulation.advance(25);
          expect(fired.map(([time]) => time)).toEqual(fired.map(([time]) => time).sort((a, b) => a - b));
          expect([...fired].sort(compare)).toEqual(expected.sort(compare));
          const first = fired.filter(([, i]) => i < 1000);
          expect(first).toEqual([...first].sort(compare));
          expect(clock.now()).toBe(25);
        },
      ),
    );
  });

  test('thousands of disposed timers leave the rest in order', async () => {
    const simulation = createSimulation({ seed: 5, start: 0 });
    const { clock, random } = simulation.environment;
    const fired: number[] = [];
    const timers = Array.from({ length: 5000 }, () =>
      clock.schedule(random.integer(1000), () => void fired.push(clock.now())),
    );
    for (const [i, timer] of timers.entries()) if (i % 10 !== 0) timer[Symbol.dispose]();
    await simulation.advance(1000);
    expect(fired).toHaveLength(500);
    expect(fired).toEqual([...fired].sort((a, b) => a - b));
  });

  test('what a timer sets going ends before the next timer fires', async () => {
    const simulation = createSimulation({ start: 0 });
    const { clock, work } = simulation.environment;
    const log: string[] = [];
    clock.schedule(1, async () => {
      await work.turn('a');
      await null;
      log.push(`first at ${clock.now()}`);
    });
    void clock.sleep(2).then(async () => {
      for (let i = 0; i < 20; i++) await null;
      log.push(`slept until ${clock.now()}`);
    });
    clock.schedule(3, () => void log.push(`second at ${clock.now()}`));
    await simulation.advance(10);
    expect(log).toEqual(['first at 1', 'slept until 2', 'second at 3']);
  });

  test('a sleep that is aborted rejects with the reason and sets no later timer off', async () => {
    const simulation = createSimulation();
    const abort = new AbortController();
    const sleep = expect(simulation.environment.clock.sleep('1h', abort.signal)).rejects.toThrow('stop');
    abort.abort(new Error('stop'));
    await sleep;
    await expect(simulation.environment.clock.sleep('1h', abort.signal)).rejects.toThrow('stop');
    await expect(simulation.run(() => false)).rejects.toThrow('no timer is left');
  });

  test('a run may wait while all stands still, until somebody outside sets something going', async () => {
    const simulation = createSimulation({ start: 0 });
    const abort = new AbortController();
    const running = simulation.run(() => false, { whenStill: 'wait', signal: abort.signal });
    await simulation.environment.work.turn('outside');
    await simulation.environment.clock.sleep('1h');
    expect(simulation.environment.clock.now()).toBe(3_600_000);
    abort.abort();
    await running;
  });

  test('an endless sleep never ends', async () => {
    const simulation = createSimulation();
    let woke = false;
    const timer = simulation.environment.clock.schedule(Number.POSITIVE_INFINITY, () => {
      woke = true;
    });
    await simulation.advance('300d');
    timer[Symbol.dispose]();
    expect(woke).toBe(false);
  });

  test('run stops as soon as the condition holds', async () => {
    const simulation = createSimulation({ start: 0 });
    const { clock } = simulation.environment;
    let ticks = 0;
    const tick = () => {
      ticks++;
      clock.schedule('10s', tick);
    };
    tick();
    await simulation.run(() => ticks === 5);
    expect(clock.now()).toBe(40_000);
    await expect(simulation.run(() => false, { within: '1m' })).rejects.toThrow('within 1m');
  });

  test('calls that drive time follow one another', async () => {
    const simulation = createSimulation({ start: 0 });
    await Promise.all([simulation.advance(5), simulation.advance(7), simulation.settle()]);
    expect(simulation.environment.clock.now()).toBe(12);
  });

  test('what a timer throws is thrown by advance, and later calls go on', async () => {
    const simulation = createSimulation({ start: 0 });
    simulation.environment.clock.schedule(1, () => {
      throw new Error('broken');
    });
    await expect(simulation.advance(5)).rejects.toThrow('broken');
    await simulation.advance(5);
    expect(simulation.environment.clock.now()).toBe(6);
  });
});

describe('settle', () => {
  test('passes over the waits of retries, and fires what comes due on the way', async () => {
    const simulation = createSimulation({ start: 0 });
    const { clock } = simulation.environment;
    const log: string[] = [];
    scheduleRetry(clock, 20, retry(1), () => {
      log.push('retry');
    });
    clock.schedule(10, () => void log.push('before'));
    clock.schedule(30, () => void log.push('after'));
    await simulation.settle();
    expect(log).toEqual(['before', 'retry']);
    expect(clock.now()).toBe(20);
  });

  test('names what fails forever', async () => {
    const simulation = createSimulation();
    const fail = (attempt: number) =>
      scheduleRetry(simulation.environment.clock, 5, retry(attempt), () => void fail(attempt + 1));
    fail(1);
    await expect(simulation.settle()).rejects.toThrow(
      'deployment default/web failed 21 times in a row: no quota (because of modified apps/v1/Deployment default/web @7)',
    );
  });

  test('names loops that answer each other forever', async () => {
    const simulation = createSimulation();
    const { work, inspector, clock } = simulation.environment;
    const loop = async () => {
      for (;;) {
        await work.turn('pingpong');
        const time = clock.now();
        if (!inspector.silent) inspector.emit({ type: 'started', time, actor: 'pingpong', key: 'a/b', causes: [] });
      }
    };
    void loop();
    await expect(simulation.settle({ turns: 20_000 })).rejects.toThrow(
      /not idle after 20000 turns\s+pingpong a\/b ran \d+ times lately\s+turn: pingpong/,
    );
  });
});

describe('what is on its way', () => {
  test('has arrived when a simulation has settled, however often it goes on from there', async () => {
    const simulation = createSimulation({ start: 0 });
    const { clock } = simulation.environment;
    let stations = 0;
    const travel = () => {
      if (++stations < 3000) scheduleArrival(clock, 5, 'a letter', travel);
    };
    travel();
    await simulation.idle();
    expect(simulation.pending()).toEqual(['on its way: a letter']);
    expect(clock.now()).toBe(0);
    await simulation.settle();
    expect([stations, clock.now(), simulation.pending()]).toEqual([3000, 2999 * 5, []]);
  });

  test('does not arrive once it is disposed', async () => {
    const simulation = createSimulation({ start: 0 });
    const arrival = scheduleArrival(simulation.environment.clock, 5, 'a letter', () => expect.unreachable());
    arrival[Symbol.dispose]();
    await simulation.settle();
    expect(simulation.environment.clock.now()).toBe(0);
  });

  test('does not keep loops that answer each other forever from being found', async () => {
    const simulation = createSimulation({ start: 0 });
    const { work, inspector, clock } = simulation.environment;
    inspector.events.subscribe();
    const play = async () => {
      await work.turn('pingpong');
      inspector.emit({ type: 'started', time: clock.now(), actor: 'pingpong', key: 'a/b', causes: [] });
      scheduleArrival(clock, 5, 'a ball', play);
    };
    void play();
    await expect(simulation.settle({ turns: 20_000 })).rejects.toThrow(
      /not idle after 20000 turns\s+pingpong a\/b ran \d+ times lately/,
    );
    const found = clock.now();
    await simulation.advance('1s');
    expect(clock.now()).toBe(found + 1000);
  });

  test('is a timer on other clocks', async () => {
    const clock = createScaledClock(1000);
    await new Promise<void>((resolve) => scheduleArrival(clock, 1000, 'a letter', resolve));
  });
});

describe('a path', () => {
  test('repeats the order of turns and all random numbers, whatever the seed', async () => {
    const live = async (options: SimulationOptions) => {
      const simulation = createSimulation(options);
      const order = actors(simulation, 4, 4);
      await simulation.settle();
      return { order, uid: simulation.environment.random.uuid(), path: simulation.choices.path() };
    };
    const first = await live({ seed: 11 });
    const again = await live({ seed: 12, path: first.path });
    expect(again.order).toEqual(first.order);
    expect(again.uid).toBe(first.uid);
    expect(String(again.path)).toBe(String(first.path));
    const step = [...first.path].findIndex(({ count }) => count > 2);
    const { count, chosen } = [...first.path][step] ?? { count: 0, chosen: 0 };
    const other = await live({ path: first.path.choosing(step, (chosen + 1) % count) });
    expect(other.order.slice(0, step)).toEqual(first.order.slice(0, step));
    expect(other.order[step]).not.toBe(first.order[step]);
  });

  test('that does not fit fails whatever drives the simulation, with what differs', async () => {
    const one = createSimulation({ seed: 2 });
    actors(one, 4, 4);
    await one.settle();
    const simulation = createSimulation({ path: one.choices.path() });
    const order = actors(simulation, 3, 2);
    await expect(simulation.settle()).rejects.toThrow(
      /step 0 of the path is turn \d of 4, the run asks for turn among 3 \(actor-0, actor-1, actor-2\)/,
    );
    await expect(simulation.idle()).rejects.toThrow(PathError);
    await expect(simulation.advance(5)).rejects.toThrow(PathError);
    await expect(simulation.run(() => true)).rejects.toThrow(PathError);
    // Nobody is left waiting for a turn.
    expect(order).toHaveLength(6);
  });
});

function retry(attempt: number) {
  const cause = { type: 'modified', kind: 'apps/v1/Deployment', key: 'default/web', resourceVersion: '7' } as const;
  return { actor: 'deployment', key: 'default/web', attempt, error: 'no quota', causes: [cause] };
}

function compare(a: [number, number], b: [number, number]): number {
  return a[0] - b[0] || a[1] - b[1];
}

function bound(simulation: Simulation) {
  return { environment: simulation.environment, settle: () => simulation.settle() };
}
