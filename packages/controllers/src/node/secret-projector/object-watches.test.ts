import { ConfigMap, failures } from '@orrery/api';
import { createSimulation, type Inspection } from '@orrery/core';
import { openTestServer } from '@orrery/core/fixtures';
import { describe, expect, test } from 'vitest';
import { named, ObjectWatches } from './object-watches.ts';
import { ClusterTrustBundle, type TrustBundle } from './trust-bundles.ts';

async function setup() {
  const simulation = createSimulation({ start: 0 });
  const { environment } = simulation;
  const api = await openTestServer(environment);
  const watches = new ObjectWatches({ client: api.client, environment, actor: 'test' });
  const failed: Inspection[] = [];
  environment.inspector.events.subscribe((event) => event.type === 'failed' && failed.push(event));
  const value = (name = 'c') => {
    const object = watches.get(ConfigMap, 'default', name);
    return object === undefined || object === null ? object : object.data?.k;
  };
  return { simulation, api, watches, failed, value };
}

function configMap(k: string, more: Partial<ConfigMap> = {}, name = 'c'): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data: { k }, ...more };
}

test('an object is kept, and whoever acquired it hears of each change once', async () => {
  const { simulation, api, watches, value } = await setup();
  let changes = 0;
  watches.acquire(ConfigMap, 'default', named('c'), () => void changes++);
  expect(value()).toBeUndefined();
  await simulation.settle();
  expect([value(), changes]).toEqual([null, 1]);
  await api.client.create(configMap('0'));
  await api.client.create(configMap('0', {}, 'another'));
  await simulation.settle();
  expect([value(), changes]).toEqual(['0', 2]);
  await api.client.delete(ConfigMap, 'default/c');
  await simulation.settle();
  expect([value(), changes]).toEqual([null, 3]);
});

test('all that acquire the same thing share a watch, which the last one ends', async () => {
  const { simulation, api, watches, value } = await setup();
  const held = [1, 2].map(() => watches.acquire(ConfigMap, 'default', named('c'), () => undefined));
  await simulation.settle();
  expect(api.watches).toBe(1);
  held[0]?.[Symbol.dispose]();
  held[0]?.[Symbol.dispose]();
  expect([api.watches, value()]).toEqual([1, null]);
  held[1]?.[Symbol.dispose]();
  expect([api.watches, value()]).toEqual([0, undefined]);
  watches.acquire(ConfigMap, 'default', named('c'), () => undefined);
  watches.close();
  expect(api.watches).toBe(0);
});

test('several objects of a selection are listed by name', async () => {
  const { simulation, api, watches } = await setup();
  const bundle = (name: string, signerName: string) =>
    api.client.create<TrustBundle>({
      apiVersion: 'certificates.k8s.io/v1beta1',
      kind: 'ClusterTrustBundle',
      metadata: { name },
      spec: { signerName, trustBundle: name },
    });
  for (const name of ['b', 'a']) await bundle(name, 'one');
  await bundle('c', 'two');
  const selector = 'spec.signerName=one';
  watches.acquire(ClusterTrustBundle, '', selector, () => undefined);
  await simulation.settle();
  const names = watches.list(ClusterTrustBundle, '', selector)?.map(({ metadata }) => metadata.name);
  expect(names).toEqual(['a', 'b']);
});

test('an object that says it is immutable is kept, and watched no longer', async () => {
  const { simulation, api, watches, value } = await setup();
  await api.client.create(configMap('0', { immutable: true }));
  watches.acquire(ConfigMap, 'default', named('c'), () => undefined);
  await simulation.settle();
  expect([value(), api.watches]).toEqual(['0', 0]);
});

describe('trouble', () => {
  test('a watch that has expired (410) lists again at once, and notices what went meanwhile', async () => {
    const { simulation, api, watches, value, failed } = await setup();
    await api.client.create(configMap('0'));
    watches.acquire(ConfigMap, 'default', named('c'), () => undefined);
    await simulation.settle();
    api.breakWatches(failures.expired('too old resource version'));
    await api.client.delete(ConfigMap, 'default/c');
    await simulation.advance(0);
    expect(value()).toBe(null);
    expect(failed).toMatchObject([{ actor: 'test watch configmaps', key: 'v1/ConfigMap default metadata.name=c' }]);
  });

  test('a server that fails is asked after waits that grow, and what is known is kept', async () => {
    const { simulation, api, watches, value, failed } = await setup();
    await api.client.create(configMap('0'));
    watches.acquire(ConfigMap, 'default', named('c'), () => undefined);
    await simulation.settle();
    let refusals = 10;
    api.refuse = (call) =>
      call.startsWith('watch') && refusals-- > 0 ? failures.serviceUnavailable('down') : undefined;
    api.breakWatches();
    await api.client.update(configMap('1'));
    // At 0, 0.8, 2.4, 5.6, 12 and 24.8 s, and then every 30 s.
    await simulation.advance('30s');
    expect(failed).toHaveLength(6);
    await simulation.advance('30s');
    expect(failed).toHaveLength(7);
    expect(value()).toBe('0');
    await simulation.advance('2m');
    expect(value()).toBe('1');
  });

  test('a watch that ends at once counts as failed', async () => {
    const { simulation, api, watches, failed } = await setup();
    watches.acquire(ConfigMap, 'default', named('c'), () => undefined);
    await simulation.settle();
    await simulation.advance('1m');
    for (let i = 0; i < 3; i++) {
      api.breakWatches();
      await simulation.advance(0);
    }
    expect(failed).toMatchObject([{ error: 'the watch ended at once and brought nothing', attempt: 1 }]);
  });
});
