import type { Client } from '@orrery/core';
import { expect, test } from 'vitest';
import { startNode, type TestNode } from '../../node.fixture.ts';
import { ProjectedVolumes } from '../../secret-projector/index.ts';

/** How a Pod leaves the API after its containers have stopped. */

const web = { name: 'web', image: 'web:1' };
const volumes = [{ name: 'v', emptyDir: {} }];

/** The calls of the kubelet that delete for good, with what was true at that moment. */
function watchDeletions(node: TestNode): { uid: string | undefined; phase: string | undefined; volumes: boolean }[] {
  const seen: { uid: string | undefined; phase: string | undefined; volumes: boolean }[] = [];
  const client = node.api.client as { -readonly [method in keyof Client]: Client[method] };
  const remove = client.delete.bind(client);
  client.delete = async (kind, key, options) => {
    const pod = await node.find();
    if (options?.gracePeriodSeconds === 0) {
      const directory = `/var/lib/kubelet/pods/${pod?.metadata.uid}/volumes`;
      const { uid } = options.preconditions ?? {};
      seen.push({ uid, phase: pod?.status?.phase, volumes: node.runtime.files.lstat(directory) !== undefined });
    }
    return remove(kind, key, options);
  };
  return seen;
}

test('the kubelet deletes the Pod with a grace of 0 and its uid, once its phase is terminal and its volumes are gone', async () => {
  const node = await startNode();
  node.runtime.programs.set('web:1', { stopsAfter: 3000 });
  const deletions = watchDeletions(node);
  const { metadata } = await node.create({
    containers: [{ ...web, volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
    volumes,
  });
  await node.advance('1s');
  await node.delete();
  await node.advance('2s');
  expect(deletions).toEqual([]);
  await node.advance('2s');
  expect(deletions).toEqual([{ uid: metadata.uid, phase: 'Failed', volumes: false }]);
  expect(await node.find()).toBeUndefined();
});

test('it does not delete a Pod whose terminal phase the API does not have yet', async () => {
  const node = await startNode();
  const deletions = watchDeletions(node);
  await node.create({ containers: [web] });
  await node.advance('1s');
  const client = node.api.client as { -readonly [method in keyof Client]: Client[method] };
  const { updateStatus } = client;
  client.updateStatus = () => Promise.reject(new Error('the server is away'));
  await node.delete();
  await node.advance('5s');
  expect(node.runtime.running()).toEqual([]);
  expect(deletions).toEqual([]);
  client.updateStatus = updateStatus;
  await node.advance('30s');
  expect(deletions).toHaveLength(1);
  expect(await node.find()).toBeUndefined();
});

test('it does not delete a Pod that has ended by itself: that is for others to do', async () => {
  const node = await startNode();
  const deletions = watchDeletions(node);
  node.runtime.programs.set('web:1', { exits: { after: 1000, code: 0 } });
  await node.create({ restartPolicy: 'Never', containers: [web] });
  await node.advance('10m');
  expect((await node.pod()).status?.phase).toBe('Succeeded');
  expect(deletions).toEqual([]);
});

test.each([
  ['by the kubelet', {}],
  ['by force', { gracePeriodSeconds: 0 }],
])('a Pod that was deleted %s leaves nothing in what kubelet and projector share', async (_how, options) => {
  const shared = new ProjectedVolumes();
  const node = await startNode({ volumes: shared });
  const { metadata } = await node.create({ containers: [web] });
  await node.delete(options);
  await node.advance('1m');
  expect(await node.find()).toBeUndefined();
  expect(shared.isReleased(metadata.uid)).toBe(false);
});
