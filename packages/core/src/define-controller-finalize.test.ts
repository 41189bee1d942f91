import { ConfigMap, Deployment, failures, type Stored } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { createSimulation } from './clock/simulation.ts';
import type { ControllerDefinition } from './controller.ts';
import { defineController, requeueAfter } from './define-controller.ts';
import type { Inspection } from './inspection.ts';
import { createManager } from './manager/manager.ts';
import { openTestServer } from './server.fixture.ts';

const ours = 'orrery.dev/test';
const others = 'demo.orrery.dev/others';
const key = 'default/a';

/** A controller that says what it does to which state of an object, over a server where others can write. */
async function run(definition: Partial<ControllerDefinition<ConfigMap>>, seed = 1) {
  const simulation = createSimulation({ seed, start: 0 });
  const { environment } = simulation;
  const server = await openTestServer(environment);
  const said: string[] = [];
  const failed: Inspection[] = [];
  environment.inspector.events.subscribe((event) => event.type === 'failed' && failed.push(event));
  const say = (what: string) => (object: Stored<ConfigMap>) => {
    said.push(`${what} [${object.metadata.finalizers ?? ''}]`);
  };
  const controller = defineController({
    name: 'test',
    for: ConfigMap,
    reconcile: say('reconcile'),
    finalize: say('finalize'),
    deleted: () => void said.push('deleted'),
    ...definition,
  });
  const start = async () => {
    const manager = createManager({ environment, clientFor: () => server.client });
    await manager.add(controller);
    await manager.start();
    await simulation.settle();
    return manager;
  };
  const { client } = server;
  const manager = await start();
  const create = async (finalizers: readonly string[] = []) => {
    const metadata = { name: 'a', namespace: 'default', finalizers };
    await client.create<ConfigMap>({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
    await simulation.settle();
  };
  const patch = async (metadata: object) => {
    await client.patch(ConfigMap, key, { type: 'merge', patch: { metadata } });
    await simulation.settle();
  };
  const remove = async () => {
    await client.delete(ConfigMap, key);
    await simulation.settle();
  };
  const finalizers = () => server.objects(ConfigMap)[0]?.metadata.finalizers;
  return { simulation, server, said, failed, start, manager, create, patch, remove, finalizers };
}

test('the finalizer is there before the first reconcile, and goes after finalize has succeeded', async () => {
  const { create, remove, said, finalizers } = await run({});
  await create();
  expect(said).toEqual([`reconcile [${ours}]`]);
  await remove();
  expect(said.slice(1)).toEqual([`finalize [${ours}]`, 'deleted']);
  expect(finalizers()).toBeUndefined();
});

test('a controller without finalize puts no finalizer on, and reconciles what is being deleted', async () => {
  const { manager, simulation, server } = await run({});
  await manager.stop();
  const said: boolean[] = [];
  const plain = defineController({
    name: 'plain',
    for: ConfigMap,
    reconcile: ({ metadata }) => void said.push(metadata.deletionTimestamp !== undefined),
  });
  const other = createManager({ environment: simulation.environment, clientFor: () => server.client });
  await other.add(plain);
  await other.start();
  const metadata = { name: 'a', namespace: 'default', finalizers: [others] };
  await server.client.create<ConfigMap>({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
  await simulation.settle();
  await server.client.delete(ConfigMap, key);
  await simulation.settle();
  expect(said).toEqual([false, true]);
});

test('while finalize fails the finalizer stays, and it is tried again with back-off', async () => {
  let left = 3;
  const times: number[] = [];
  const { create, server, simulation, said, failed, finalizers } = await run({
    backOff: { base: '10s', max: '15s' },
    finalize: (_, { clock }) => {
      times.push(clock.now());
      if (left-- > 0) throw new Error('the world does not answer');
    },
  });
  await create();
  await server.client.delete(ConfigMap, key);
  await simulation.advance('24s');
  expect(times).toEqual([0, 10_000]);
  expect(finalizers()).toEqual([ours]);
  await simulation.advance('16s');
  expect(times).toEqual([0, 10_000, 25_000, 40_000]);
  expect(failed).toHaveLength(3);
  expect(finalizers()).toBeUndefined();
  expect(said).toEqual([`reconcile [${ours}]`, 'deleted']);
});

test('a finalize that asks to be called again keeps the finalizer until then', async () => {
  let looks = 0;
  const { create, server, simulation, finalizers } = await run({
    finalize: () => (++looks < 3 ? requeueAfter('1m') : undefined),
  });
  await create();
  await server.client.delete(ConfigMap, key);
  await simulation.advance('1m');
  expect([looks, finalizers()]).toEqual([2, [ours]]);
  await simulation.advance('1m');
  expect([looks, finalizers()]).toEqual([3, undefined]);
});

describe('finalizers of others', () => {
  test('are kept, and neither finalize nor reconcile is called while they hold the object', async () => {
    const { create, remove, patch, said, finalizers } = await run({});
    await create([others]);
    await remove();
    expect(finalizers()).toEqual([others]);
    await patch({ labels: { still: 'there' } });
    expect(said).toEqual([`reconcile [${others},${ours}]`, `finalize [${others},${ours}]`]);
    await patch({ finalizers: [] });
    expect(said.slice(2)).toEqual(['deleted']);
  });

  test('that go while finalize runs are gone, and those that stay are kept', async () => {
    const last = 'demo.orrery.dev/last';
    const { create, remove, finalizers, server } = await run({
      finalize: async () => {
        const patch = { metadata: { finalizers: [ours, last] } };
        await server.client.patch(ConfigMap, key, { type: 'merge', patch });
      },
    });
    await create([others, last]);
    await remove();
    expect(finalizers()).toEqual([last]);
  });
});

test('an object that was being deleted before the controller saw it is left alone', async () => {
  const { manager, start, create, remove, said, finalizers } = await run({});
  await manager.stop();
  await create([others]);
  await remove();
  await start();
  expect(said).toEqual([]);
  expect(finalizers()).toEqual([others]);
});

test('an object that was deleted while the controller was away is finalized when it is back, whatever when says', async () => {
  const { manager, start, create, remove, said } = await run({ when: (_, previous) => previous === undefined });
  await create();
  await manager.stop();
  await remove();
  await start();
  expect(said).toEqual([`reconcile [${ours}]`, `finalize [${ours}]`, 'deleted']);
});

test('when drops neither the reconcile that follows the finalizer nor the deletion', async () => {
  const { create, patch, remove, said } = await run({ when: (_, previous) => previous === undefined });
  await create();
  await patch({ labels: { some: 'label' } });
  await remove();
  expect(said).toEqual([`reconcile [${ours}]`, `finalize [${ours}]`, 'deleted']);
});

test('a finalizer that the cache does not know of yet keeps no object waiting', async () => {
  const { server, simulation, said, create } = await run({});
  const patch = server.client.patch;
  let patches = 0;
  // Somebody else, such as this controller's own process before a restart, has added it just now.
  Object.assign(server.client, {
    patch: async (...call: Parameters<typeof patch>) => {
      patches++;
      await patch(ConfigMap, key, { type: 'merge', patch: { metadata: { finalizers: [ours] } } });
      return patch(...call);
    },
  });
  await create();
  await simulation.settle();
  expect(patches).toBe(1);
  expect(new Set(said)).toEqual(new Set([`reconcile [${ours}]`]));
});

test('an object that vanishes during finalize is no error', async () => {
  const { create, remove, said, failed } = await run({
    finalize: async (_, { client }) => {
      await client.patch(ConfigMap, key, { type: 'merge', patch: { metadata: { finalizers: [] } } });
    },
  });
  await create();
  await remove();
  expect(said).toEqual([`reconcile [${ours}]`, 'deleted']);
  expect(failed).toEqual([]);
});

test('a server that refuses the finalizer keeps reconcile from running', async () => {
  const { server, simulation, said, failed, create } = await run({});
  const refuse = server.client.patch;
  let refused = 0;
  Object.assign(server.client, {
    patch: async (...call: Parameters<typeof refuse>) => {
      if (refused++ < 2) throw failures.serviceUnavailable('not now');
      return refuse(...call);
    },
  });
  await create();
  await simulation.settle();
  expect(failed).toHaveLength(2);
  expect(said).toEqual([`reconcile [${ours}]`]);
});

describe('the name of the finalizer', () => {
  const named =
    (finalizer: string | undefined, name = 'test') =>
    () =>
      defineController({
        name,
        for: Deployment,
        finalize: () => undefined,
        reconcile: () => undefined,
        ...(finalizer === undefined ? {} : { finalizer }),
      });

  test('is the group and the controller, or the one that is given', async () => {
    const { create, finalizers } = await run({ finalizer: 'demo.orrery.dev/given' });
    await create();
    expect(finalizers()).toEqual(['demo.orrery.dev/given']);
    expect(named(undefined)).not.toThrow();
  });

  test.each([
    ['plain', 'it must begin with a domain and a slash'],
    ['Demo/given', 'prefix part'],
    [`demo.orrery.dev/${'x'.repeat(64)}`, 'must be no more than 63 bytes'],
  ])('cannot be %s', (finalizer, fault) => {
    expect(named(finalizer)).toThrow(fault);
  });
});
