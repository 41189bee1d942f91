import { ConfigMap, Deployment, Node, type ObjectKey, Pod, ReplicaSet, Secret, type Stored } from '@orrery/api';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { createSimulation } from './clock/simulation.ts';
import type { Controller, ReconcileContext, ReconcileResult } from './controller.ts';
import { defineController, requeueAfter } from './define-controller.ts';
import type { Cause, Inspection } from './inspection.ts';
import { createManager } from './manager/manager.ts';
import { openTestServer, type TestServer } from './server.fixture.ts';

async function run(controller: Controller, prepare: (server: TestServer) => Promise<unknown> = async () => undefined) {
  const simulation = createSimulation({ start: 0 });
  const { environment } = simulation;
  const server = await openTestServer(environment);
  const log: Inspection[] = [];
  environment.inspector.events.subscribe((event) => event.actor === controller.name && log.push(event));
  await prepare(server);
  const manager = createManager({ environment, clientFor: () => server.client });
  await manager.add(controller);
  await manager.start();
  await simulation.settle();
  return { simulation, environment, server, manager, log };
}

function configMap(name: string, data: { [key: string]: string } = {}, owner?: Stored): ConfigMap {
  const reference = { apiVersion: 'v1', kind: 'Pod', name: owner?.metadata.name ?? '', uid: owner?.metadata.uid ?? '' };
  const ownerReferences = owner === undefined ? [] : [{ ...reference, controller: true }];
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', ownerReferences }, data };
}

function pod(name: string): Pod {
  const spec = { containers: [{ name: 'main', image: 'none' }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec };
}

const change = (type: Cause['type'], kind: string, key: string) => expect.objectContaining({ type, kind, key });

test('objects that are there at the start, and later ones, are reconciled; deletions go to deleted', async () => {
  const seen: string[] = [];
  const controller = defineController({
    name: 'test',
    for: ConfigMap,
    reconcile: (object) => void seen.push(`reconcile ${object.metadata.name}`),
    deleted: (key) => void seen.push(`deleted ${key.namespace}/${key.name}`),
  });
  const { server, simulation } = await run(controller, (server) => server.client.create(configMap('a')));
  await server.client.create(configMap('b'));
  await simulation.settle();
  await server.client.delete(ConfigMap, 'default/a');
  await simulation.settle();
  expect(seen).toEqual(['reconcile a', 'reconcile b', 'deleted default/a']);
});

test('a change to a child reconciles its controller owner, before and after it changes hands', async () => {
  const seen: string[] = [];
  const controller = defineController({
    name: 'test',
    for: Pod,
    owns: [ConfigMap],
    reconcile: (object) => void seen.push(object.metadata.name),
  });
  const { server, simulation, log } = await run(controller);
  const a = await server.client.create(pod('a'));
  const b = await server.client.create(pod('b'));
  await simulation.settle();
  seen.length = 0;
  log.length = 0;
  await server.client.create(configMap('child', {}, a));
  await simulation.settle();
  expect(seen).toEqual(['a']);
  expect(log.find((event) => event.type === 'started')).toMatchObject({
    key: 'default/a',
    causes: [change('added', 'v1/ConfigMap', 'default/child')],
  });
  await server.client.update(configMap('child', {}, b));
  await simulation.settle();
  expect(seen.slice(1).sort()).toEqual(['a', 'b']);
  await server.client.delete(ConfigMap, 'default/child');
  await simulation.settle();
  expect(seen.slice(3)).toEqual(['b']);
});

test('a watched kind reconciles what its map names, by key or by text', async () => {
  const seen: string[] = [];
  const controller = defineController({
    name: 'test',
    for: Pod,
    watches: [
      { kind: ConfigMap, map: (object) => (object.data?.pods ?? '').split(' ') },
      {
        kind: Node,
        map: (_node, { cache }) => cache.list(Pod).map((pod) => ({ namespace: 'default', name: pod.metadata.name })),
      },
    ],
    reconcile: (object) => void seen.push(object.metadata.name),
  });
  const { server, simulation } = await run(controller);
  for (const name of ['a', 'b', 'c']) await server.client.create(pod(name));
  await simulation.settle();
  seen.length = 0;
  await server.client.create(configMap('x', { pods: 'default/b default/c' }));
  await simulation.settle();
  expect(seen).toEqual(['b', 'c']);
  await server.client.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec: {} });
  await simulation.settle();
  expect(seen.slice(2)).toEqual(['a', 'b', 'c']);
});

test('owns and watches take a kind, or the changes of it that matter', async () => {
  const seen: string[] = [];
  const controller = defineController({
    name: 'test',
    for: Pod,
    owns: [{ kind: ConfigMap, labelSelector: 'part!=no', when: ({ data }, before) => data?.v !== before?.data?.v }],
    watches: [Secret],
    reconcile: (object) => void seen.push(object.metadata.name),
  });
  expect(controller.kinds).toEqual([Pod, ConfigMap, Secret]);
  const { server, simulation } = await run(controller);
  const step = async (write: Promise<unknown>) => {
    seen.length = 0;
    await write;
    await simulation.settle();
    return [...seen];
  };
  const { client } = server;
  const a = await client.create(pod('a'));
  await simulation.settle();
  const part = (labels: object, data: { [key: string]: string }) => {
    const object = configMap('part', data, a);
    return { ...object, metadata: { ...object.metadata, labels } } as ConfigMap;
  };
  expect(await step(client.create(part({ part: 'no' }, { v: '1' })))).toEqual([]);
  expect(await step(client.update(part({ part: 'yes' }, { v: '1' })))).toEqual([]);
  expect(await step(client.update(part({ part: 'yes' }, { v: '2' })))).toEqual(['a']);
  expect(await step(client.update(part({ part: 'no' }, { v: '3' })))).toEqual(['a']);
  expect(await step(client.update(part({ part: 'no' }, { v: '4' })))).toEqual([]);
  expect(await step(client.update(part({ part: 'yes' }, { v: '4' })))).toEqual([]);
  expect(await step(client.delete(ConfigMap, 'default/part'))).toEqual(['a']);
  const metadata = { name: 'a', namespace: 'default' };
  expect(await step(client.create<Secret>({ apiVersion: 'v1', kind: 'Secret', metadata }))).toEqual(['a']);
});

test('a selector that the kind does not offer is an error where the controller is defined', () => {
  const define = () =>
    defineController({
      name: 'test',
      for: Pod,
      owns: [{ kind: ConfigMap, fieldSelector: 'data.x=1' }],
      reconcile: () => undefined,
    });
  expect(define).toThrow('"data.x" is not a known field selector');
});

test('a map sees what the controller declares; what it throws ends the controller', async () => {
  const seen: string[] = [];
  const controller = defineController({
    name: 'test',
    for: Pod,
    watches: [{ kind: ConfigMap, map: (_, { cache }) => cache.list(Secret).map(({ metadata }) => metadata.name) }],
    reconcile: (object) => void seen.push(object.metadata.name),
  });
  const { server, manager, simulation, log } = await run(controller);
  await server.client.create(configMap('a'));
  await server.client.create(pod('a'));
  await simulation.settle();
  expect(seen).toEqual([]);
  const error = 'test reads v1/Secret, which it does not declare: add Secret to reads';
  expect(log).toMatchObject([{ type: 'log', level: 'error', message: 'the controller has failed', fields: { error } }]);
  await expect(manager.stop()).rejects.toThrow('controllers have failed');
});

test('the waits between tries are as the controller says, with jitter', async () => {
  const times: number[] = [];
  const controller = defineController({
    name: 'test',
    for: ConfigMap,
    backOff: { base: '1m', max: '3m', jitter: 0.1 },
    reconcile: (_, { clock }) => {
      times.push(clock.now());
      throw new Error('no');
    },
  });
  const { server, simulation } = await run(controller);
  await server.client.create(configMap('a'));
  await simulation.advance('10m');
  const waits = times.slice(1).map((time, i) => (time - (times[i] ?? 0)) / 60_000);
  expect(waits.slice(0, 3).map(Math.floor)).toEqual([1, 2, 3]);
  for (const [i, wait] of waits.entries()) {
    const plain = Math.min(2 ** i, 3);
    expect(wait).toBeGreaterThan(plain);
    expect(wait).toBeLessThan(plain * 1.1);
  }
});

test('changes for which when is false are not queued, deletions always are', async () => {
  const seen: string[] = [];
  const controller = defineController({
    name: 'test',
    for: ConfigMap,
    when: (object, previous) => object.data?.value !== previous?.data?.value,
    reconcile: (object) => void seen.push(object.data?.value ?? ''),
    deleted: () => void seen.push('deleted'),
  });
  const { server, simulation } = await run(controller);
  await server.client.create(configMap('a', { value: '1' }));
  await simulation.settle();
  await server.client.patch(ConfigMap, 'default/a', { type: 'merge', patch: { metadata: { labels: { x: 'y' } } } });
  await simulation.settle();
  await server.client.update(configMap('a', { value: '2' }));
  await simulation.settle();
  await server.client.delete(ConfigMap, 'default/a');
  await simulation.settle();
  expect(seen).toEqual(['1', '2', 'deleted']);
});

test('reconcile sees its own writes at once, and is not called again for what the watch repeats', async () => {
  let calls = 0;
  const controller = defineController({
    name: 'test',
    for: ConfigMap,
    reads: [Pod],
    async reconcile(object, { client, cache }) {
      calls++;
      const name = `pod-of-${object.metadata.name}`;
      if (cache.get(Pod, { namespace: 'default', name }) === undefined) await client.create(pod(name));
      expect(cache.list(Pod)).toHaveLength(1);
      await client.patch(ConfigMap, 'default/a', { type: 'merge', patch: { data: { done: 'yes' } } });
      expect(cache.get(ConfigMap, 'default/a')?.data?.done).toBe('yes');
    },
    when: (object) => object.data?.done === undefined,
  });
  const { log } = await run(controller, (server) => server.client.create(configMap('a')));
  expect(calls).toBe(1);
  expect(log.filter((event) => event.type === 'wrote')).toMatchObject([
    { verb: 'create', kind: 'v1/Pod', key: 'default/pod-of-a', resourceVersion: '3' },
    { verb: 'patch', kind: 'v1/ConfigMap', key: 'default/a', resourceVersion: '4' },
  ]);
});

test('requeueAfter calls again without an event', async () => {
  const times: number[] = [];
  const controller = defineController({
    name: 'test',
    for: ConfigMap,
    reconcile: (_, { clock }) => {
      times.push(clock.now());
      return requeueAfter('30s');
    },
  });
  const { simulation } = await run(controller, (server) => server.client.create(configMap('a')));
  await simulation.advance('1m');
  expect(times).toEqual([0, 30_000, 60_000]);
});

test('an error is emitted with its causes and retried', async () => {
  let calls = 0;
  const controller = defineController({
    name: 'test',
    for: ConfigMap,
    reconcile: () => {
      if (++calls < 3) throw new Error('not yet');
    },
  });
  const { log } = await run(controller, (server) => server.client.create(configMap('a')));
  expect(calls).toBe(3);
  expect(log.filter((event) => event.type === 'failed')).toMatchObject([
    { attempt: 1, error: 'not yet', causes: [change('added', 'v1/ConfigMap', 'default/a')] },
    { attempt: 2, causes: [change('added', 'v1/ConfigMap', 'default/a'), { type: 'retry' }] },
  ]);
});

test('a stopped controller reconciles no more, and its last reconcile sees the signal', async () => {
  const seen: string[] = [];
  const controller = defineController({
    name: 'test',
    for: ConfigMap,
    async reconcile(object, { clock, signal }) {
      seen.push(`start ${object.metadata.name}`);
      await clock.sleep('1h', signal).catch((error: Error) => seen.push(error.message));
    },
  });
  const { server, manager, simulation } = await run(controller, (server) => server.client.create(configMap('a')));
  await manager.stop();
  await server.client.create(configMap('b'));
  await simulation.advance('2h');
  expect(seen).toEqual(['start a', 'the controller was stopped']);
  expect(server.watches).toBe(0);
});

describe('types', () => {
  test('every object has the type of its kind', () => {
    defineController({
      name: 'types',
      for: Deployment,
      owns: [ReplicaSet],
      watches: [
        {
          kind: Pod,
          map(object, { previous }) {
            expectTypeOf(object).toEqualTypeOf<Stored<Pod>>();
            expectTypeOf(previous).toEqualTypeOf<Stored<Pod> | undefined>();
            return [];
          },
        },
        {
          kind: Node,
          map: (object) => {
            expectTypeOf(object).toEqualTypeOf<Stored<Node>>();
            return ['default/a'];
          },
        },
      ],
      when: (object, previous) => {
        expectTypeOf(object).toEqualTypeOf<Stored<Deployment>>();
        expectTypeOf(previous).toEqualTypeOf<Stored<Deployment> | undefined>();
        return true;
      },
      async reconcile(deployment, context) {
        expectTypeOf(deployment).toEqualTypeOf<Stored<Deployment>>();
        expectTypeOf(context).toEqualTypeOf<ReconcileContext>();
        expectTypeOf(context.cache.get(ReplicaSet, 'a/b')).toEqualTypeOf<Stored<ReplicaSet> | undefined>();
        expectTypeOf(context.client.get(Pod, 'a/b')).resolves.toEqualTypeOf<Stored<Pod>>();
        return requeueAfter('5s');
      },
      deleted(key) {
        expectTypeOf(key).toEqualTypeOf<ObjectKey>();
      },
    });
    expectTypeOf(requeueAfter(5)).toEqualTypeOf<ReconcileResult>();
  });
});

test('a controller may write the status of its objects, what it owns, and what its rules add', () => {
  const more = { apiGroups: [''], resources: ['secrets'], verbs: ['get'] };
  const controller = defineController({
    name: 'test',
    for: Deployment,
    owns: [ReplicaSet],
    reads: [Node],
    rules: [more],
    reconcile: () => undefined,
  });
  expect(controller.rules).toEqual([
    { apiGroups: ['apps'], resources: ['deployments', 'deployments/status'], verbs: ['patch', 'update'] },
    { apiGroups: ['apps'], resources: ['deployments/finalizers'], verbs: ['update'] },
    { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['create', 'delete', 'patch', 'update'] },
    more,
  ]);
});
