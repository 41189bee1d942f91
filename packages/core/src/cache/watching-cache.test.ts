import {
  ConfigMap,
  failures,
  isNotFound,
  type KubernetesObject,
  keyOf,
  keyString,
  Node,
  type Stored,
} from '@orrery/api';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CacheChange } from '../cache.ts';
import type { Client } from '../client.ts';
import { createSimulation } from '../clock/simulation.ts';
import { defineIndex, ownedBy } from '../define-index.ts';
import { openTestServer, type TestServerOptions } from '../server.fixture.ts';
import { cacheClient } from './cache-client.ts';
import { type CacheOptions, createCache } from './watching-cache.ts';

async function setup(options: TestServerOptions = {}, cacheOptions: Partial<CacheOptions> = {}, seed = 1) {
  const simulation = createSimulation({ seed });
  const { environment } = simulation;
  const server = await openTestServer(environment, options);
  const cache = createCache({ client: server.client, environment, actor: 'test', ...cacheOptions });
  const client = cacheClient(server.client, cache);
  return { simulation, environment, server, cache, client };
}

function configMap(name: string, value = '', namespace = 'default'): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { value } };
}

function node(name: string, unschedulable: boolean): Node {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: { unschedulable } };
}

const names = (objects: readonly Stored[]) => objects.map((object) => object.metadata.name);

describe('reading', () => {
  test('after sync the cache has what the server has, in key order', async () => {
    const { server, cache, simulation } = await setup();
    for (const name of ['c', 'a', 'b']) await server.client.create(configMap(name));
    await cache.sync(ConfigMap);
    expect(names(cache.list(ConfigMap))).toEqual(['a', 'b', 'c']);
    await server.client.create(configMap('ab'));
    await server.client.delete(ConfigMap, 'default/a');
    await simulation.settle();
    expect(names(cache.list(ConfigMap))).toEqual(['ab', 'b', 'c']);
    expect(cache.get(ConfigMap, { namespace: 'default', name: 'b' })?.metadata.name).toBe('b');
    expect(cache.get(ConfigMap, 'default/a')).toBeUndefined();
  });

  test('a list that nothing has changed is the same array', async () => {
    const { server, cache, simulation } = await setup();
    await server.client.create(configMap('a'));
    await cache.sync(ConfigMap);
    const before = cache.list(ConfigMap);
    expect(cache.list(ConfigMap)).toBe(before);
    await server.client.create(configMap('b'));
    await simulation.settle();
    expect(cache.list(ConfigMap)).not.toBe(before);
    expect(before).toHaveLength(1);
  });

  test('a kind that is not synced cannot be read', async () => {
    const { cache } = await setup();
    expect(() => cache.get(ConfigMap, 'a/b')).toThrow('has not synced v1/ConfigMap');
    expect(() => cache.list(ConfigMap)).toThrow('has not synced v1/ConfigMap');
  });

  test('objects are found by namespace, owner and indexes that were added before or after the sync', async () => {
    const values = (object: Stored<ConfigMap>) => (object.data?.value ?? '').split(' ');
    const before = defineIndex(ConfigMap, values);
    const after = defineIndex(ConfigMap, values);
    const { server, cache, simulation } = await setup({}, { indexes: [before] });
    await server.client.create(configMap('a', 'x y'));
    await server.client.create(configMap('b', 'y', 'other'));
    await cache.sync(ConfigMap);
    cache.addIndexes([after]);
    for (const index of [before, after]) {
      expect(names(cache.list(index.at('y')))).toEqual(['a', 'b']);
    }
    await server.client.update(configMap('a', 'z'));
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'uid-of-p', controller: true };
    await server.client.patch(ConfigMap, 'other/b', {
      type: 'merge',
      patch: { metadata: { ownerReferences: [owner] } },
    });
    await simulation.settle();
    for (const index of [before, after]) {
      expect(names(cache.list(index.at('x')))).toEqual([]);
      expect(names(cache.list(index.at('y')))).toEqual(['b']);
      expect(names(cache.list(index.at('z')))).toEqual(['a']);
    }
    expect(names(cache.list(ownedBy(ConfigMap, 'uid-of-p')))).toEqual(['b']);
    expect(names(cache.list(ownedBy(ConfigMap, 'uid-of-p'), { namespace: 'default' }))).toEqual([]);
    expect(names(cache.list(ConfigMap, { namespace: 'other' }))).toEqual(['b']);
    expect(names(cache.list(after.at('z'), { namespace: 'other' }))).toEqual([]);
    expect(names(cache.list(after.at('z'), { namespace: '' }))).toEqual(['a']);
    const never = defineIndex(ConfigMap, values);
    expect(() => cache.list(never.at(''))).toThrow('the cache does not keep this index: add it to its indexes');
  });

  test('two indexes of one function are two indexes, and one that is added twice is computed once', async () => {
    let calls = 0;
    const values = (): readonly string[] => [String(++calls)];
    const [one, two] = [defineIndex(ConfigMap, values), defineIndex(ConfigMap, values)];
    const { server, cache } = await setup({}, { indexes: [one] });
    cache.addIndexes([one, two, two]);
    await server.client.create(configMap('a'));
    await cache.sync(ConfigMap);
    expect(calls).toBe(2);
    expect([cache.list(one.at('1')), cache.list(two.at('1'))].map(names)).toEqual([['a'], []]);
  });

  test('what an index throws on an object is thrown to whoever lists by it, until the object is another', async () => {
    const lengths = defineIndex(ConfigMap, ({ data }) => [String((data as { value: string }).value.length)]);
    const { server, cache, simulation } = await setup({}, { indexes: [lengths] });
    await cache.sync(ConfigMap);
    await server.client.create(configMap('good', 'abc'));
    const { data: _, ...bad } = configMap('bad');
    await server.client.create(bad);
    await simulation.settle();
    expect(names(cache.list(ConfigMap))).toEqual(['bad', 'good']);
    expect(() => cache.list(lengths.at('3'))).toThrow('an index failed on default/bad: Cannot read properties');
    await server.client.update(configMap('bad', 'xyz'));
    await simulation.settle();
    expect(names(cache.list(lengths.at('3')))).toEqual(['bad', 'good']);
    await server.client.update(configMap('bad', 'wxyz'));
    await simulation.settle();
    expect([cache.list(lengths.at('3')), cache.list(lengths.at('4'))].map(names)).toEqual([['good'], ['bad']]);
    await server.client.create({ ...bad, metadata: { name: 'worse', namespace: 'default' } });
    await simulation.settle();
    expect(() => cache.list(lengths.at('3'))).toThrow('an index failed on default/worse');
    await server.client.delete(ConfigMap, 'default/worse');
    await simulation.settle();
    expect(names(cache.list(lengths.at('3')))).toEqual(['good']);
  });

  test('changes carry the object before, and replay begins with the present objects', async () => {
    const { server, cache, simulation } = await setup();
    await server.client.create(configMap('a', '1'));
    await cache.sync(ConfigMap);
    const seen: string[] = [];
    const record = ({ type, object, previous }: CacheChange<ConfigMap>) =>
      seen.push(`${type} ${object.metadata.name} ${previous?.data?.value} > ${object.data?.value}`);
    cache.changes(ConfigMap, { replay: true }).subscribe(record);
    await server.client.update(configMap('a', '2'));
    await server.client.delete(ConfigMap, 'default/a');
    await simulation.settle();
    expect(seen).toEqual(['added a undefined > 1', 'modified a 1 > 2', 'deleted a 2 > 2']);
  });

  test('a delivery waits for its turn and brings all that has arrived', async () => {
    const { server, cache, simulation, environment } = await setup();
    await cache.sync(ConfigMap);
    const busy = environment.work.busy('test');
    await server.client.create(configMap('a'));
    await server.client.create(configMap('b'));
    expect(simulation.pending()).toEqual(['busy: test', 'turn: test cache configmaps']);
    expect(cache.list(ConfigMap)).toHaveLength(0);
    busy[Symbol.dispose]();
    await simulation.settle();
    expect(cache.list(ConfigMap)).toHaveLength(2);
  });
});

describe('selection', () => {
  test('only selected objects are kept, in step with what selects them', async () => {
    const selectors = new Map([[Node, { fieldSelector: 'spec.unschedulable=true' }]]);
    const { server, cache, simulation, client } = await setup({}, { selectors });
    await server.client.create(node('a', true));
    await server.client.create(node('b', false));
    await cache.sync(Node);
    expect(names(cache.list(Node))).toEqual(['a']);
    await client.create(node('c', true));
    await client.create(node('d', false));
    expect(names(cache.list(Node))).toEqual(['a', 'c']);
    await client.update(node('c', false));
    expect(names(cache.list(Node))).toEqual(['a']);
    await client.update(node('d', true));
    await simulation.settle();
    expect(names(cache.list(Node))).toEqual(['a', 'd']);
    await client.update(node('c', true));
    await simulation.settle();
    expect(names(cache.list(Node))).toEqual(['a', 'c', 'd']);
  });
});

describe('own writes', () => {
  const slow = { lag: () => 1000 };

  test('show at once, before the watch has brought them', async () => {
    const { cache, client, simulation } = await setup(slow);
    const synced = cache.sync(ConfigMap);
    await simulation.advance(1000);
    await synced;
    await client.create(configMap('a', '1'));
    expect(cache.get(ConfigMap, 'default/a')?.data?.value).toBe('1');
    await client.update(configMap('a', '2'));
    await client.patch(ConfigMap, 'default/a', { type: 'merge', patch: { data: { value: '3' } } });
    expect(cache.list(ConfigMap)[0]?.data?.value).toBe('3');
    await client.delete(ConfigMap, 'default/a');
    expect(cache.get(ConfigMap, 'default/a')).toBeUndefined();
    expect(cache.list(ConfigMap, { namespace: 'default' })).toEqual([]);
    const seen: string[] = [];
    cache.changes(ConfigMap).subscribe(({ type }) => seen.push(type));
    await simulation.advance(5000);
    expect(seen).toEqual([]);
    expect(cache.list(ConfigMap)).toEqual([]);
  });

  test('a deleted object stays away, and a new one of its name shows', async () => {
    const { cache, client, server, simulation } = await setup(slow);
    const synced = cache.sync(ConfigMap);
    await simulation.advance(1000);
    await synced;
    await client.create(configMap('a', 'first'));
    await client.delete(ConfigMap, 'default/a');
    await server.client.create(configMap('a', 'second'));
    const seen: string[] = [];
    cache.changes(ConfigMap).subscribe(({ type, object }) => seen.push(`${type} ${object.data?.value}`));
    await simulation.advance(5000);
    expect(seen).toEqual(['added second']);
  });

  test('an object that lingers because of finalizers shows as being deleted', async () => {
    const { cache, client } = await setup();
    await cache.sync(ConfigMap);
    const object = configMap('a');
    await client.create({ ...object, metadata: { ...object.metadata, finalizers: ['test/hold'] } });
    await client.delete(ConfigMap, 'default/a');
    expect(cache.get(ConfigMap, 'default/a')?.metadata.deletionTimestamp).toBeDefined();
    await client.patch(ConfigMap, 'default/a', { type: 'merge', patch: { metadata: { finalizers: [] } } });
  });

  test.each<[string, (client: Client) => Promise<unknown>]>([
    [
      'patch',
      (client) => client.patch(ConfigMap, 'default/a', { type: 'merge', patch: { metadata: { finalizers: [] } } }),
    ],
    ['update', (client) => client.update(configMap('a'))],
  ])('an object whose last finalizer a %s took off goes at once, and stays away', async (_, release) => {
    const { cache, client, simulation } = await setup(slow);
    const synced = cache.sync(ConfigMap);
    await simulation.advance(1000);
    await synced;
    const object = configMap('a');
    await client.create({ ...object, metadata: { ...object.metadata, finalizers: ['test/hold'] } });
    await client.delete(ConfigMap, 'default/a');
    // The watch has brought the deletion, so the answer that follows has no later revision than what it brought.
    await simulation.advance(5000);
    const seen: string[] = [];
    cache.changes(ConfigMap).subscribe(({ type }) => seen.push(type));
    await release(client);
    expect(cache.list(ConfigMap)).toEqual([]);
    await simulation.advance(5000);
    expect(seen).toEqual(['deleted']);
    await client.create(configMap('a', 'again'));
    expect(cache.get(ConfigMap, 'default/a')?.data?.value).toBe('again');
  });

  test('an answer that is older than what the watch brought changes nothing', async () => {
    const { cache, server, simulation } = await setup();
    await cache.sync(ConfigMap);
    const answer = await server.client.create(configMap('a', '1'));
    await server.client.delete(ConfigMap, 'default/a');
    await simulation.settle();
    cache.written(answer as Stored);
    expect(cache.list(ConfigMap)).toEqual([]);
  });

  test('a dry run does not show', async () => {
    const { cache, client, simulation } = await setup(slow);
    const synced = cache.sync(ConfigMap);
    await simulation.advance(1000);
    await synced;
    await client.create(configMap('a'), { dryRun: true });
    expect(cache.list(ConfigMap)).toEqual([]);
    const created = await client.create(configMap('a', '1'));
    await client.update(configMap('a', '2'), { dryRun: true });
    await client.delete(ConfigMap, 'default/a', { dryRun: true });
    expect(cache.list(ConfigMap)).toEqual([created]);
  });
});

describe('trouble', () => {
  test('a watch that ends goes on where it was', async () => {
    const { cache, server, simulation } = await setup();
    await cache.sync(ConfigMap);
    const { metadata } = await server.client.create(configMap('a'));
    await simulation.settle();
    await simulation.advance('10m');
    server.breakWatches();
    await server.client.create(configMap('b'));
    await simulation.settle();
    expect(names(cache.list(ConfigMap))).toEqual(['a', 'b']);
    expect(server.calls.filter((call) => call.startsWith('watch'))).toEqual([
      'watch ConfigMap all',
      `watch ConfigMap ${metadata.resourceVersion}`,
    ]);
  });

  test('an expired revision leads to a new list, and what vanished meanwhile is reported as deleted', async () => {
    const { cache, server, simulation } = await setup();
    await server.client.create(configMap('a'));
    await server.client.create(configMap('b'));
    await cache.sync(ConfigMap);
    const seen: string[] = [];
    cache.changes(ConfigMap).subscribe(({ type, object }) => seen.push(`${type} ${object.metadata.name}`));
    server.breakWatches(failures.internal('the connection broke'));
    await server.client.delete(ConfigMap, 'default/a');
    await server.client.create(configMap('c'));
    await server.compact();
    await simulation.settle();
    expect(names(cache.list(ConfigMap))).toEqual(['b', 'c']);
    expect(seen.sort()).toEqual(['added c', 'deleted a']);
  });

  test('a server whose every listing expires at once is not asked without end', async () => {
    const { cache, server, simulation } = await setup();
    await cache.sync(ConfigMap);
    const lists = () => server.calls.filter((call) => call === 'watch ConfigMap all').length;
    for (let i = 0; i < 10; i++) {
      server.breakWatches(failures.expired('too old resource version'));
      await simulation.advance(0);
    }
    expect(lists()).toBe(2);
    await simulation.advance('1s');
    expect(lists()).toBe(3);
  });

  test('errors are emitted and retried with growing waits', async () => {
    const { cache, server, simulation, environment } = await setup();
    const failed: unknown[] = [];
    environment.inspector.events.subscribe((event) => event.type === 'failed' && failed.push([event.key, event.error]));
    for (let i = 0; i < 4; i++) server.refusals.push(failures.serviceUnavailable('starting'));
    const synced = cache.sync(ConfigMap);
    await simulation.settle();
    await synced;
    expect(failed).toEqual(Array.from({ length: 4 }, () => ['v1/ConfigMap', 'starting']));
  });

  test('a server without streaming lists is listed and watched', async () => {
    const { cache, server, simulation } = await setup({ streamingLists: false });
    await server.client.create(configMap('a'));
    await cache.sync(ConfigMap);
    await server.client.create(configMap('b'));
    await simulation.settle();
    expect(names(cache.list(ConfigMap))).toEqual(['a', 'b']);
  });

  test('a cache that is disposed watches no more, and its streams end', async () => {
    const { cache, server } = await setup();
    await cache.sync(ConfigMap);
    let ended = false;
    cache.changes(ConfigMap).subscribe({ complete: () => (ended = true) });
    cache[Symbol.dispose]();
    expect(server.watches).toBe(0);
    expect(ended).toBe(true);
  });
});

describe('random histories', () => {
  const step = fc.record({
    what: fc.constantFrom('create', 'update', 'patch', 'delete', 'finalize', 'break', 'end', 'compact', 'wait'),
    who: fc.constantFrom('own', 'other'),
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    wait: fc.nat({ max: 40 }),
  });

  test.each([
    ['all objects', undefined],
    ['a selection', new Map([[ConfigMap, { labelSelector: 'kept=yes' }]])],
  ])(
    'the cache ends as the server is, shows own writes at once, never goes back, and its changes add up: %s',
    async (_, selectors) => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.boolean(), fc.array(step, { maxLength: 60 }), async (seed, streaming, steps) => {
          const random = createSimulation({ seed }).environment.random;
          const { simulation, server, cache, client } = await setup(
            { streamingLists: streaming, lag: () => random.integer(30) },
            selectors === undefined ? {} : { selectors },
            seed,
          );
          const kept = (object: KubernetesObject) => selectors === undefined || object.metadata?.labels?.kept === 'yes';
          const synced = cache.sync(ConfigMap);
          const mirror = new Map<string, Stored>();
          const faults: string[] = [];
          const byValue = defineIndex(ConfigMap, (object) => [object.data?.value ?? '']);
          cache.addIndexes([byValue]);
          cache.changes(ConfigMap, { replay: true }).subscribe(({ type, object, previous }) => {
            const key = keyString(keyOf(object));
            if (mirror.get(key) !== previous) faults.push(`${type} ${key} does not follow the change before`);
            if (type === 'deleted') mirror.delete(key);
            else mirror.set(key, object);
            const back = Number(object.metadata.resourceVersion) - Number(previous?.metadata.resourceVersion ?? 0);
            if (type === 'modified' && back <= 0) faults.push(`${key} went back in time`);
          });
          let count = 0;
          for (const { what, who, name, wait } of steps) {
            const by = who === 'own' ? client : server.client;
            const labels = { kept: random.integer(3) === 0 ? 'no' : 'yes' };
            const plain = configMap(name, String(count++ % 3));
            const finalizers = random.integer(3) === 0 ? ['test/hold'] : [];
            const object = { ...plain, metadata: { ...plain.metadata, labels, finalizers } };
            const key = `default/${name}`;
            try {
              if (what === 'break') server.breakWatches(failures.internal('broken'));
              else if (what === 'end') server.breakWatches();
              else if (what === 'compact') await server.compact();
              else if (what === 'delete') {
                const before = cache.synced(ConfigMap) ? cache.get(ConfigMap, key)?.metadata.uid : undefined;
                const left = await by.delete(ConfigMap, key);
                const after = cache.synced(ConfigMap) ? cache.get(ConfigMap, key)?.metadata.uid : undefined;
                // What the cache did not know yet it cannot show as deleted.
                if (who === 'own' && left === undefined && before !== undefined && before === after) {
                  faults.push(`${key} was deleted but shows`);
                }
              } else if (what !== 'wait') {
                const answer =
                  what === 'create'
                    ? await by.create(object)
                    : what === 'update'
                      ? await by.update(object)
                      : what === 'patch'
                        ? await by.patch(ConfigMap, key, {
                            type: 'merge',
                            patch: { data: plain.data, metadata: { labels } },
                          })
                        : await by.patch(ConfigMap, key, { type: 'merge', patch: { metadata: { finalizers: [] } } });
                const there = server.objects(ConfigMap).includes(answer as Stored<ConfigMap>);
                if (who === 'own' && there && cache.synced(ConfigMap)) {
                  const shown = cache.get(ConfigMap, key);
                  if ((kept(answer) ? answer : undefined) !== shown)
                    faults.push(`${key} does not show what was written`);
                }
                // The write took the last finalizer off an object that was being deleted.
                if (who === 'own' && !there && cache.synced(ConfigMap)) {
                  if (cache.get(ConfigMap, key)?.metadata.uid === answer.metadata.uid) {
                    faults.push(`${key} is gone but shows`);
                  }
                }
              }
            } catch (error) {
              if (!isNotFound(error) && !(error instanceof Error && error.message.includes('already exists')))
                throw error;
            }
            if (what === 'wait') await simulation.advance(wait);
          }
          await simulation.advance('5m');
          await synced;
          expect(faults).toEqual([]);
          const expected = server.objects(ConfigMap).filter(kept);
          expect(cache.list(ConfigMap)).toEqual(expected);
          expect([...mirror.values()]).toHaveLength(expected.length);
          for (const value of ['0', '1', '2']) {
            expect(cache.list(byValue.at(value))).toEqual(
              expected.filter((object) => (object as ConfigMap).data?.value === value),
            );
          }
        }),
        { numRuns: 150 },
      );
    },
  );
});
