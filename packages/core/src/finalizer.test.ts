import { ConfigMap, failures, isConflict, type ObjectMeta, type Stored } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { delegatingClient } from './client/delegating-client.ts';
import type { Client } from './client.ts';
import { createSimulation } from './clock/simulation.ts';
import { addFinalizer, type FinalizerStep, finalizerStep, removeFinalizer } from './finalizer.ts';
import { openTestServer } from './server.fixture.ts';

const ours = 'demo.orrery.dev/ours';
const others = 'demo.orrery.dev/others';
const key = 'default/a';
const now = '2026-01-01T00:00:00Z';

const steps: readonly [string, ObjectMeta, FinalizerStep][] = [
  ['a new object gets the finalizer first', {}, 'add'],
  ['so does one with finalizers of others', { finalizers: [others] }, 'add'],
  ['an object that has it is reconciled', { finalizers: [others, ours] }, 'reconcile'],
  [
    'an object that has it is finalized when it is being deleted',
    { finalizers: [ours], deletionTimestamp: now },
    'finalize',
  ],
  ['one that others keep is left to them', { finalizers: [others], deletionTimestamp: now }, 'leave'],
  ['one in its grace period that never had it is left alone', { deletionTimestamp: now }, 'leave'],
];

test.each(steps)('%s', (_, metadata, step) => {
  expect(finalizerStep({ metadata }, ours)).toBe(step);
});

async function setup(finalizers: readonly string[] = []) {
  const server = await openTestServer(createSimulation().environment);
  const metadata = { name: 'a', namespace: 'default', finalizers };
  const object = await server.client.create<ConfigMap>({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
  const there = () => server.objects(ConfigMap)[0]?.metadata;
  const patch = (metadata: object) => server.client.patch(ConfigMap, key, { type: 'merge', patch: { metadata } });
  return { server, client: server.client, object, there, patch };
}

/** A client between whose reads and patches somebody else always writes. */
function contested(client: Client): Client {
  let writes = 0;
  return delegatingClient(client, {
    patch: async (kind, name, patch, options) => {
      await client.patch(kind, name, { type: 'merge', patch: { metadata: { labels: { write: String(++writes) } } } });
      return client.patch(kind, name, patch, options);
    },
    as: () => client,
  });
}

describe('adding', () => {
  test('puts it behind those of others, also behind one that was not known yet', async () => {
    const { client, object, there, patch } = await setup();
    await patch({ finalizers: [others] });
    expect((await addFinalizer(client, ConfigMap, object, ours))?.metadata.finalizers).toContain(ours);
    expect(there()?.finalizers).toEqual([others, ours]);
  });

  test('writes nothing if the object has it', async () => {
    const { client, server, object } = await setup([ours]);
    server.calls.length = 0;
    expect((await addFinalizer(client, ConfigMap, object, ours))?.metadata.finalizers).toContain(ours);
    expect(server.calls).toEqual([]);
  });

  test('does nothing to an object that is gone, or that another one has followed', async () => {
    const { client, object, there } = await setup();
    await client.delete(ConfigMap, key);
    expect(await addFinalizer(client, ConfigMap, object, ours)).toBeUndefined();
    await client.create<ConfigMap>({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', namespace: 'default' },
    });
    expect(await addFinalizer(client, ConfigMap, object, ours)).toBeUndefined();
    expect(there()?.finalizers ?? []).toEqual([]);
  });

  test('does nothing to an object that is being deleted by now', async () => {
    const { client, object, there } = await setup([others]);
    await client.delete(ConfigMap, key);
    expect(await addFinalizer(client, ConfigMap, object, ours)).toBeUndefined();
    expect(there()?.finalizers).toEqual([others]);
  });
});

describe('removing', () => {
  test('lets the object go, if nobody else holds it', async () => {
    const { client, object, there } = await setup([ours]);
    await client.delete(ConfigMap, key);
    await removeFinalizer(client, ConfigMap, object, ours);
    expect(there()).toBeUndefined();
  });

  test('leaves those of others, whatever was known of them', async () => {
    const { client, object, there, patch } = await setup([ours]);
    await patch({ finalizers: ['demo.orrery.dev/more', ours, others] });
    await removeFinalizer(client, ConfigMap, object, ours);
    expect(there()?.finalizers).toEqual(['demo.orrery.dev/more', others]);
  });

  test('is done if the object is gone, if another one has followed, or if somebody took it off', async () => {
    const { client, object, there, patch } = await setup([ours, others]);
    await patch({ finalizers: [others] });
    await removeFinalizer(client, ConfigMap, object, ours);
    expect(there()?.finalizers).toEqual([others]);
    await patch({ finalizers: [] });
    await client.delete(ConfigMap, key);
    await removeFinalizer(client, ConfigMap, object, ours);
    const metadata = { name: 'a', namespace: 'default', finalizers: [ours] };
    await client.create<ConfigMap>({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
    await removeFinalizer(client, ConfigMap, object, ours);
    expect(there()?.finalizers).toEqual([ours]);
  });

  test('gives up after five conflicts', async () => {
    const { client, object, there } = await setup([ours]);
    const error = await removeFinalizer(contested(client), ConfigMap, object, ours).catch((thrown: unknown) => thrown);
    expect(isConflict(error)).toBe(true);
    expect(there()).toMatchObject({ finalizers: [ours], labels: { write: '5' } });
  });

  test('throws what else the server refuses it with', async () => {
    const { client, server, object } = await setup([ours]);
    server.refusals.push(failures.serviceUnavailable('down'));
    await expect(removeFinalizer(client, ConfigMap, object, ours)).rejects.toThrow('down');
    const lost: Stored<ConfigMap> = { ...object, metadata: { ...object.metadata, resourceVersion: '1' } };
    // The patch meets a conflict, and the read that follows fails.
    server.refusals.push(failures.conflict(ConfigMap, 'a'), failures.serviceUnavailable('down again'));
    await expect(removeFinalizer(client, ConfigMap, lost, ours)).rejects.toThrow('down again');
  });
});
