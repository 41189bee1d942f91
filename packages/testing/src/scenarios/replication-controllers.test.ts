import { Event, Pod, ReplicationController, type Stored } from '@orrery/api';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type SimulatedCluster, simulate } from '../simulate.ts';

const key = { namespace: 'default', name: 'web' };

async function started(replicas: number): Promise<SimulatedCluster> {
  const cluster = await simulate({ nodes: 2, faults: [] });
  onTestFinished(() => cluster.close());
  await cluster.apply(`
apiVersion: v1
kind: ReplicationController
metadata: { name: web, namespace: default }
spec:
  replicas: ${replicas}
  template:
    metadata: { labels: { app: web } }
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: web, image: nginx }] }
`);
  await cluster.settle();
  return cluster;
}

const pods = (cluster: SimulatedCluster): Promise<readonly Stored<Pod>[]> =>
  cluster.list(Pod, { labelSelector: 'app=web' });

describe('a ReplicationController', () => {
  test('keeps its number of Pods, and counts them', async () => {
    const cluster = await started(3);
    const { metadata, status } = await cluster.get(ReplicationController, key);
    expect(status).toEqual({
      replicas: 3,
      fullyLabeledReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      observedGeneration: 1,
    });
    const [pod] = await pods(cluster);
    expect(pod?.metadata.ownerReferences).toMatchObject([
      { apiVersion: 'v1', kind: 'ReplicationController', name: 'web', uid: metadata.uid, controller: true },
    ]);
    await cluster.client.delete(Pod, `default/${pod?.metadata.name}`);
    await cluster.settle();
    expect((await pods(cluster)).map(({ metadata: { name } }) => name)).not.toContain(pod?.metadata.name);
    expect(await pods(cluster)).toHaveLength(3);
    await cluster.client.patch(ReplicationController, key, { type: 'merge', patch: { spec: { replicas: 1 } } });
    await cluster.settle();
    expect(await pods(cluster)).toHaveLength(1);
    const reasons = (await cluster.list(Event, { fieldSelector: 'involvedObject.kind=ReplicationController' })).map(
      ({ reason }) => reason,
    );
    expect(reasons.filter((reason) => reason === 'SuccessfulCreate')).toHaveLength(4);
    expect(reasons.filter((reason) => reason === 'SuccessfulDelete')).toHaveLength(2);
  });

  test('releases a Pod that it no longer selects, and adopts one that it does', async () => {
    const cluster = await started(2);
    const [pod] = await pods(cluster);
    const released = `default/${pod?.metadata.name}`;
    const label = (app: string) =>
      cluster.client.patch(Pod, released, { type: 'merge', patch: { metadata: { labels: { app } } } });
    await label('other');
    await cluster.settle();
    expect((await cluster.get(Pod, released)).metadata.ownerReferences).toBeUndefined();
    expect(await pods(cluster)).toHaveLength(2);
    await label('web');
    await cluster.settle();
    expect(await pods(cluster)).toHaveLength(2);
  });

  test('says why it cannot create Pods', async () => {
    const cluster = await started(0);
    await cluster.client.patch(ReplicationController, key, {
      type: 'merge',
      patch: { spec: { replicas: 1, template: { spec: { serviceAccountName: 'nobody' } } } },
    });
    await cluster.simulation.idle();
    expect((await cluster.get(ReplicationController, key)).status?.conditions).toMatchObject([
      { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate' },
    ]);
  });

  test('leaves its Pods behind if its deletion asks for nothing else', async () => {
    const cluster = await started(2);
    await cluster.client.delete(ReplicationController, key);
    await cluster.settle();
    expect(await cluster.list(ReplicationController)).toEqual([]);
    expect((await pods(cluster)).map(({ metadata }) => metadata.ownerReferences)).toEqual([undefined, undefined]);
  });
});
