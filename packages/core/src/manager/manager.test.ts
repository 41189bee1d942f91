import { ConfigMap, failures, type Kind, Pod } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { aborted } from '../abort.ts';
import { createCache } from '../cache/watching-cache.ts';
import { interceptClient } from '../client/intercept-client.ts';
import { type Link, LoopCrash } from '../client/link.ts';
import { createSimulation } from '../clock/simulation.ts';
import type { Controller } from '../controller.ts';
import { openTestServer } from '../server.fixture.ts';
import { createManager, type ManagerOptions } from './manager.ts';

async function setup(options: Partial<ManagerOptions> = {}, seed = 1) {
  const simulation = createSimulation({ seed });
  const { environment } = simulation;
  const server = await openTestServer(environment);
  const asked: string[] = [];
  const clientFor = (name: string) => {
    asked.push(name);
    return server.client;
  };
  const manager = createManager({ environment, clientFor, ...options });
  return { simulation, environment, server, manager, asked };
}

function loop(name: string, log: string[], kinds: readonly Kind[] = [ConfigMap]): Controller {
  return {
    name,
    kinds,
    start: async ({ signal, cache }) => {
      log.push(`${name} starts with ${kinds.map((kind) => cache.list(kind).length)}`);
      await aborted(signal);
      log.push(`${name} ends`);
    },
  };
}

test('controllers start when their kinds are synced, share one watch a kind, and end before stop resolves', async () => {
  const { manager, server, simulation, asked } = await setup();
  const log: string[] = [];
  await server.client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } });
  await manager.add(loop('one', log));
  await manager.add(loop('two', log, [ConfigMap, Pod]));
  await manager.start();
  await manager.add(loop('late', log));
  await simulation.settle();
  expect([...log].sort()).toEqual(['late starts with 1', 'one starts with 1', 'two starts with 1,0']);
  expect(server.watches).toBe(2);
  expect([...asked].sort()).toEqual(['controller-manager', 'late', 'one', 'two']);
  await manager.stop();
  expect(log.slice(3).sort()).toEqual(['late ends', 'one ends', 'two ends']);
  expect(server.watches).toBe(0);
});

test('one controller can be removed, and its name is free then', async () => {
  const { manager } = await setup();
  const log: string[] = [];
  await manager.add(loop('one', log));
  await manager.start();
  await expect(manager.add(loop('one', log))).rejects.toThrow('there is a controller one already');
  await manager.remove('one');
  await manager.remove('never there');
  expect(log).toEqual(['one starts with 0', 'one ends']);
  await manager.add(loop('one', log));
  expect(log).toHaveLength(3);
});

test('a controller can have a cache of its own, which ends with it', async () => {
  const { manager, server, environment } = await setup({
    cacheFor: () => createCache({ client: server.client, environment, actor: 'own' }),
  });
  await manager.add(loop('one', []));
  await manager.start();
  expect(server.watches).toBe(1);
  expect(manager.cache.synced(ConfigMap)).toBe(false);
  await manager.remove('one');
  expect(server.watches).toBe(0);
});

test('the shared cache can keep a selection only', async () => {
  const { manager, server } = await setup({ selectors: new Map([[ConfigMap, { namespace: 'mine' }]]) });
  for (const namespace of ['mine', 'yours']) {
    await server.client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace } });
  }
  const log: string[] = [];
  await manager.add(loop('one', log));
  await manager.start();
  expect(log).toEqual(['one starts with 1']);
});

test('a manager can be stopped while a kind cannot be synced', async () => {
  const { manager, server, simulation } = await setup();
  const log: string[] = [];
  for (let i = 0; i < 5; i++) server.refusals.push(failures.serviceUnavailable('down'));
  await manager.add(loop('one', log));
  const started = manager.start();
  await simulation.idle();
  await manager.stop();
  await started;
  await simulation.advance('1h');
  expect(log).toEqual([]);
});

describe('failures', () => {
  test('a start that throws is thrown by the manager', async () => {
    const { manager } = await setup();
    await manager.add({
      name: 'broken',
      kinds: [],
      start: () => {
        throw new Error('no such option');
      },
    });
    await expect(manager.start()).rejects.toThrow('no such option');
  });

  test('a loop that fails is logged, and thrown at the end', async () => {
    const { manager, environment, simulation } = await setup();
    const logged: unknown[] = [];
    environment.inspector.events.subscribe((event) => event.type === 'log' && logged.push(event.fields));
    await manager.add({ name: 'broken', kinds: [], start: () => Promise.reject(new Error('lost')) });
    await manager.start();
    await simulation.settle();
    expect(logged).toEqual([{ error: 'lost' }]);
    await expect(manager.stop()).rejects.toThrow('controllers have failed');
  });
});

test('each controller has chance of its own, decided by seed and name', async () => {
  const drawn = async (seed: number) => {
    const { manager } = await setup({}, seed);
    const numbers: { [name: string]: number } = {};
    for (const name of ['a', 'b']) {
      const draw: Controller['start'] = ({ random }) => {
        numbers[name] = random.next();
      };
      await manager.add({ name, kinds: [], start: draw });
    }
    await manager.start();
    return numbers;
  };
  const first = await drawn(1);
  expect(await drawn(1)).toEqual(first);
  expect(await drawn(2)).not.toEqual(first);
  expect(first.a).not.toBe(first.b);
});

test('a controller that is started again draws other numbers', async () => {
  const { manager, simulation } = await setup();
  const drawn: number[] = [];
  const draw: Controller = { name: 'a', kinds: [], start: ({ random }) => void drawn.push(random.next()) };
  await manager.start();
  await manager.add(draw);
  await manager.remove('a');
  await simulation.advance(1);
  await manager.add(draw);
  expect(drawn[0]).not.toBe(drawn[1]);
});

describe('links', () => {
  /** Every ConfigMap `a` is to have the label `seen` and an Event. */
  function labeller(lives: string[][]): Controller {
    return {
      name: 'labeller',
      kinds: [ConfigMap],
      async start({ client, cache, events, signal }) {
        const life: string[] = [];
        lives.push(life);
        const write = async (text: string) => {
          const key = { namespace: 'default', name: 'a' };
          const patch = { type: 'merge', patch: { data: { [text]: 'yes' } } } as const;
          life.push(await client.patch(ConfigMap, key, patch).then(() => text, String));
        };
        life.push(`sees ${Object.keys(cache.get(ConfigMap, 'default/a')?.data ?? {})}`);
        for (const text of ['one', 'two', 'three']) await write(text);
        events.event(cache.get(ConfigMap, 'default/a') ?? {}, 'Normal', 'Done', 'done');
        await aborted(signal);
        life.push('ends');
      },
    };
  }

  /** Rejects the request of that number, before or after it was sent. */
  function crashAt(number: number, when: 'before' | 'after', actors: string[]): Link {
    let requests = 0;
    return (client, actor) => {
      actors.push(actor);
      return interceptClient(client, {
        request: async (_, send) => {
          const crashes = ++requests === number;
          if (crashes && when === 'before') throw new LoopCrash('killed');
          const answer = await send();
          if (crashes) throw new LoopCrash('killed');
          return answer;
        },
        watch: (_, open) => open(),
      });
    };
  }

  async function run(link: Link, options: Partial<ManagerOptions> = {}) {
    const all = await setup({ link, ...options });
    const lives: string[][] = [];
    await all.server.client.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', namespace: 'default' },
    });
    await all.manager.add(labeller(lives));
    await all.manager.start();
    await all.simulation.settle();
    return { ...all, lives };
  }

  test('each loop, its recorder and the cache have one each', async () => {
    const actors: string[] = [];
    await run(crashAt(-1, 'before', actors));
    expect(actors).toEqual(['controller-manager cache', 'labeller', 'labeller events']);
  });

  test.each([
    ['before', 'sees one'],
    ['after', 'sees one,two'],
  ] as const)('a loop that crashes %s a write took effect does nothing more, and starts afresh', async (when, sees) => {
    const actors: string[] = [];
    const { lives, server, environment, manager } = await run(crashAt(2, when, actors));
    const crash = 'LoopCrash: killed';
    expect(lives).toEqual([
      ['sees ', 'one', crash, crash, 'ends'],
      [sees, 'one', 'two', 'three'],
    ]);
    expect(server.calls.filter((call) => call.startsWith('create Event'))).toHaveLength(1);
    expect(actors.slice(3)).toEqual(['labeller cache', 'labeller', 'labeller events']);
    expect(environment.clock.now()).toBe(Date.UTC(2026, 0, 1) + 1000);
    await manager.stop();
    expect(server.watches).toBe(0);
  });

  test('what a loop has under way when it crashes fails at once, its watches too', async () => {
    const failures: string[] = [];
    const fails = (error: unknown) => void failures.push(String(error));
    const controller: Controller = {
      name: 'busy',
      kinds: [],
      start: ({ client }) => {
        if (failures.length > 0) return;
        client.watch(ConfigMap).subscribe({ error: fails });
        client.list(ConfigMap).catch(fails);
        client.get(ConfigMap, 'default/a').catch(fails);
      },
    };
    const link: Link = (client) =>
      interceptClient(client, {
        request: ({ verb }, send) => {
          if (verb === 'get') return Promise.reject(new LoopCrash('killed'));
          return verb === 'list' ? new Promise(() => undefined) : send();
        },
        watch: (_, open) => open(),
      });
    const { manager, server, simulation } = await setup({ link });
    await manager.add(controller);
    await manager.start();
    await simulation.idle();
    expect(failures).toEqual(Array.from({ length: 3 }, () => 'LoopCrash: killed'));
    expect(server.watches).toBe(0);
  });

  test.each(['removed', 'stopped'])('a crashed controller that is %s meanwhile does not come back', async (how) => {
    const { manager, simulation, server } = await setup({ link: crashAt(1, 'before', []) });
    const lives: string[][] = [];
    await server.client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } });
    await manager.add(labeller(lives));
    await manager.start();
    await simulation.idle();
    expect(lives[0]?.at(-1)).toBe('ends');
    if (how === 'removed') await manager.remove('labeller');
    else await manager.stop();
    await simulation.advance('1m');
    expect(lives).toHaveLength(1);
  });

  test('where a crash is the crash of the process, all of it is cut off and its owner is notified', async () => {
    const recorded: string[] = [];
    const other: Controller = {
      name: 'other',
      kinds: [],
      start: async ({ client, signal }) => {
        await aborted(signal);
        recorded.push(await client.get(ConfigMap, 'default/a').then(() => 'lives', String));
      },
    };
    const { manager, simulation, server } = await setup({
      link: crashAt(1, 'before', []),
      crashed: (name) => recorded.push(name),
    });
    await server.client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } });
    await manager.add(other);
    await manager.add(labeller([]));
    await manager.start();
    await simulation.advance('1m');
    expect(recorded).toEqual(['labeller', 'LoopCrash: killed']);
    await manager.stop();
  });
});
