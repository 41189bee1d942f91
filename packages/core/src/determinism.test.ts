import { ConfigMap, keyOf, Pod, Secret, type Stored } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { createSimulation } from './clock/simulation.ts';
import { defineController, requeueAfter } from './define-controller.ts';
import type { Inspection } from './inspection.ts';
import { createManager } from './manager/manager.ts';
import { openTestServer } from './server.fixture.ts';

const meta = (name: string) => ({ name, namespace: 'default' });

/** Controllers that react to each other: ConfigMaps become Pods, Pods become Secrets, and Secrets are counted in all ConfigMaps. */
const podMaker = defineController({
  name: 'pod-maker',
  for: ConfigMap,
  owns: [Pod],
  concurrency: 2,
  async reconcile(configMap, { client, events, random }) {
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: configMap.metadata.name, uid: configMap.metadata.uid };
    const metadata = { ...meta(configMap.metadata.name), ownerReferences: [{ ...owner, controller: true }] };
    if (random.integer(4) === 0) throw new Error('bad luck');
    await client.apply<Pod>(
      { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'main', image: 'none' }] } },
      { fieldManager: 'x' },
    );
    events.event(configMap, 'Normal', 'Made', 'made a pod');
  },
  when: (object, previous) => previous === undefined || object.data?.wanted !== previous.data?.wanted,
});

const secretMaker = defineController({
  name: 'secret-maker',
  for: Pod,
  reads: [Secret],
  async reconcile(pod, { client, cache }) {
    if (cache.get(Secret, { namespace: 'default', name: pod.metadata.name }) !== undefined) return requeueAfter('7s');
    await client.create<Secret>({ apiVersion: 'v1', kind: 'Secret', metadata: meta(pod.metadata.name) });
    return requeueAfter('10s');
  },
});

const counter = defineController({
  name: 'counter',
  for: ConfigMap,
  watches: [{ kind: Secret, map: (_, { cache }) => cache.list(ConfigMap).map(keyOf) }],
  async reconcile(configMap, { client, cache }) {
    const count = String(cache.list(Secret).length);
    if (configMap.data?.count === count) return;
    const key = { namespace: 'default', name: configMap.metadata.name };
    await client.patch(ConfigMap, key, { type: 'merge', patch: { data: { count } } });
  },
});

async function history(seed: number): Promise<{ log: Inspection[]; objects: readonly Stored[] }> {
  const simulation = createSimulation({ seed });
  const { environment } = simulation;
  const log: Inspection[] = [];
  environment.inspector.events.subscribe((event) => log.push(event));
  const lag = environment.random.fork('lag');
  const server = await openTestServer(environment, { lag: () => lag.integer(3) });
  const manager = createManager({ environment, clientFor: () => server.client });
  for (const controller of [podMaker, secretMaker, counter]) await manager.add(controller);
  const started = manager.start();
  for (let i = 0; i < 5; i++) {
    await server.client.create<ConfigMap>({ apiVersion: 'v1', kind: 'ConfigMap', metadata: meta(`c${i}`) });
  }
  await simulation.settle();
  await simulation.advance('1m');
  await started;
  await manager.stop();
  return { log, objects: [ConfigMap, Pod, Secret].flatMap((kind) => server.objects(kind)) };
}

describe('a history of several controllers', () => {
  test('is the same, event for event and byte for byte, for the same seed', async () => {
    for (const seed of [1, 2, 3]) expect(JSON.stringify(await history(seed))).toBe(JSON.stringify(await history(seed)));
  });

  test('differs between seeds in its order and not in where it ends', async () => {
    const histories = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(history));
    const orders = histories.map(({ log }) => log.map((event) => `${event.actor} ${event.type}`).join());
    expect(new Set(orders).size).toBe(8);
    for (const { objects } of histories) {
      expect(objects.map((object) => `${object.kind} ${object.metadata.name}`)).toHaveLength(15);
      expect(objects.slice(0, 5).every((object) => (object as ConfigMap).data?.count === '5')).toBe(true);
    }
  });
});
