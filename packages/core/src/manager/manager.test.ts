import { ConfigMap, failures, type Kind, Pod } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { aborted } from '../abort.ts';
import { createCache } from '../cache/watching-cache.ts';
import { createSimulation } from '../clock/simulation.ts';
import type { Controller } from '../controller.ts';
import { TestServer } from '../test-server/test-server.ts';
import { createManager, type ManagerOptions } from './manager.ts';

function setup(options: Partial<ManagerOptions> = {}, seed = 1) {
  const simulation = createSimulation({ seed });
  const { environment } = simulation;
  const server = new TestServer(environment);
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
  const { manager, server, simulation, asked } = setup();
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
  const { manager } = setup();
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
  const { manager, server, environment } = setup({
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
  const { manager, server } = setup({ selectors: new Map([[ConfigMap, { namespace: 'mine' }]]) });
  for (const namespace of ['mine', 'yours']) {
    await server.client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace } });
  }
  const log: string[] = [];
  await manager.add(loop('one', log));
  await manager.start();
  expect(log).toEqual(['one starts with 1']);
});

test('a manager can be stopped while a kind cannot be synced', async () => {
  const { manager, server, simulation } = setup();
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
    const { manager } = setup();
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
    const { manager, environment, simulation } = setup();
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
    const { manager } = setup({}, seed);
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
  const { manager, simulation } = setup();
  const drawn: number[] = [];
  const draw: Controller = { name: 'a', kinds: [], start: ({ random }) => void drawn.push(random.next()) };
  await manager.start();
  await manager.add(draw);
  await manager.remove('a');
  await simulation.advance(1);
  await manager.add(draw);
  expect(drawn[0]).not.toBe(drawn[1]);
});
