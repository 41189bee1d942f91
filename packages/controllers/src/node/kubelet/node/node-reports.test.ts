import { failures } from '@orrery/api';
import { type NodeUsage, RuntimeError } from '@orrery/runtimes';
import { expect, test } from 'vitest';
import { startNode, type TestNode } from '../../node.fixture.ts';

/** What a kubelet does for its node while the API server or the runtime fail. */

const web = { name: 'web', image: 'web:1' };

/** Lets all writes of the node's status and lease fail, and counts them. */
function breakApi(node: TestNode): { readonly tries: () => number; mend(): void } {
  const { client } = node.api;
  const { update, updateStatus } = client;
  let tries = 0;
  const refuse = (): Promise<never> => {
    tries++;
    return Promise.reject(failures.serviceUnavailable('the API server is gone'));
  };
  Object.assign(client, { update: refuse, updateStatus: refuse });
  return { tries: () => tries, mend: () => Object.assign(client, { update, updateStatus }) };
}

test('while the API server is gone, the node status and the lease are each tried once a second, however long it lasts', async () => {
  const node = await startNode();
  const api = breakApi(node);
  await node.advance('30m');
  const before = api.tries();
  await node.advance('60s');
  expect(api.tries() - before).toBeGreaterThan(100);
  expect(api.tries() - before).toBeLessThan(125);
  api.mend();
});

test('a shutdown has Pods end in their time, although the API server is gone', async () => {
  const node = await startNode();
  await node.create({ containers: [web] });
  const api = breakApi(node);
  let mayGo = false;
  void node
    .kubelet()
    .shutDown()
    .then(() => {
      mayGo = true;
    });
  await node.advance('1s');
  expect(node.runtime.running()).toEqual([]);
  await node.advance('32s');
  expect(mayGo).toBe(true);
  api.mend();
});

test('a shutdown that is asked for twice is over when the Pods have ended', async () => {
  const node = await startNode();
  node.runtime.programs.set('web:1', { stopsAfter: 5000 });
  await node.create({ containers: [web] });
  const over: string[] = [];
  for (const who of ['first', 'second']) {
    void node
      .kubelet()
      .shutDown()
      .then(() => over.push(who));
  }
  await node.advance('4s');
  expect(over).toEqual([]);
  await node.advance('2s');
  expect(over).toEqual(['first', 'second']);
  expect(node.events.filter((event) => event.includes('NodeShutdown'))).toHaveLength(1);
});

test('one Pod at a time is evicted, also from a node whose runtime takes long to answer', async () => {
  const usage: NodeUsage = { memoryBytes: 8 * 1024 ** 3, storageBytes: 0, inodes: 0, processes: 0 };
  const node = await startNode();
  node.runtime.programs.set('web:1', { stopsAfter: 500 });
  const { clock } = node.simulation.environment;
  Object.assign(node.runtime, {
    nodeUsage: () => usage,
    containerUsage: () =>
      clock.sleep(25_000).then(() => ({ memoryBytes: 0, writableLayerBytes: 0, logBytes: 0, inodes: 0, processes: 0 })),
  });
  for (const name of ['a', 'b', 'c']) await node.create({ containers: [web] }, { name });
  await node.advance('100s');
  expect(node.runtime.running()).toHaveLength(2);
});

test('what a Pod stores is asked again 10 seconds later where the runtime did not know', async () => {
  const node = await startNode();
  let broken = true;
  Object.assign(node.runtime, {
    containerUsage: () =>
      broken
        ? Promise.reject(new RuntimeError('Unknown', 'socket is gone'))
        : { memoryBytes: 0, writableLayerBytes: 2 * 1024 ** 2, logBytes: 0, inodes: 0, processes: 0 },
  });
  await node.create({ containers: [{ ...web, resources: { limits: { 'ephemeral-storage': '1Mi' } } }] });
  await node.advance('25s');
  expect(node.runtime.running()).toEqual(['web']);
  broken = false;
  await node.advance('10s');
  expect((await node.pod()).status).toMatchObject({ phase: 'Failed', reason: 'Evicted' });
});
