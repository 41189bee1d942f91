import { ConfigMap } from '@orrery/api';
import { Subject, takeUntil } from 'rxjs';
import { expect, test } from 'vitest';
import { createSimulation } from '../clock/simulation.ts';
import { openTestServer } from '../server.fixture.ts';
import { type Delivery, watchSelection } from './reflector.ts';

async function setup() {
  const simulation = createSimulation();
  const { environment } = simulation;
  const server = await openTestServer(environment);
  const watch = watchSelection({
    client: server.client,
    environment,
    actor: 'test',
    kind: ConfigMap,
    selection: { fieldSelector: 'metadata.name=a' },
  });
  const create = (name: string) =>
    server.client.create<ConfigMap>({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } });
  const text = (batch: readonly Delivery<ConfigMap>[]) =>
    batch.map((delivery) => {
      if (delivery.type === 'replaced') return `replaced ${delivery.items.map(({ metadata }) => metadata.name)}`;
      return delivery.type === 'BOOKMARK' ? 'BOOKMARK' : `${delivery.type} ${delivery.object.metadata.name}`;
    });
  return { simulation, server, watch, create, text };
}

test('what is selected is delivered at once, and then what happens to it, in batches', async () => {
  const { simulation, server, watch, create, text } = await setup();
  await create('a');
  await create('b');
  const batches: (readonly string[])[] = [];
  watch.subscribe((batch) => batches.push(text(batch)));
  await simulation.settle();
  await server.client.patch(ConfigMap, 'default/a', { type: 'merge', patch: { data: { x: 'y' } } });
  await server.client.delete(ConfigMap, 'default/b');
  await server.client.delete(ConfigMap, 'default/a');
  await simulation.settle();
  expect(batches).toEqual([['replaced a'], ['MODIFIED a', 'DELETED a']]);
});

test('nothing is watched before it is subscribed, nor after; each subscription is a watch of its own', async () => {
  const { simulation, server, watch, create } = await setup();
  expect(server.watches).toBe(0);
  const end = new Subject<void>();
  const seen: number[] = [];
  watch.subscribe(() => seen.push(1));
  const second = watch.pipe(takeUntil(end)).subscribe(() => seen.push(2));
  await simulation.settle();
  expect(server.watches).toBe(2);
  end.next();
  expect([second.closed, server.watches]).toEqual([true, 1]);
  await create('a');
  await simulation.settle();
  expect(seen.sort()).toEqual([1, 1, 2]);
});

test('what was under way when the subscription ended is not delivered', async () => {
  const { simulation, watch, create } = await setup();
  const seen: unknown[] = [];
  const subscription = watch.subscribe((batch) => seen.push(batch));
  await simulation.settle();
  seen.length = 0;
  await create('a');
  subscription.unsubscribe();
  await simulation.settle();
  expect(seen).toEqual([]);
});
