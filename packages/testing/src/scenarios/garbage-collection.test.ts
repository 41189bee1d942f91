import { ConfigMap, Deployment, Event, isNotFound, Namespace, Pod, ReplicaSet } from '@orrery/api';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type SimulatedCluster, simulate } from '../simulate.ts';

async function started(): Promise<SimulatedCluster> {
  const cluster = await simulate({ nodes: 1, recorded: true });
  onTestFinished(() => cluster.close());
  return cluster;
}

const web = (namespace: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: ${namespace} }
spec:
  replicas: 12
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: nginx }] }
`;

const keysDeleted = (cluster: SimulatedCluster) =>
  cluster
    .history()
    .flatMap(({ writes }) =>
      (JSON.parse(writes) as { delete?: string }[]).flatMap((write) =>
        write.delete === undefined ? [] : [write.delete],
      ),
    );

describe('garbage collection', () => {
  test('in the foreground, an owner goes after all that it owns', async () => {
    const cluster = await started();
    await cluster.apply(web('default'));
    await cluster.settle();
    await cluster.client.delete(Deployment, 'default/web', { propagationPolicy: 'Foreground' });
    await cluster.advance('1m');
    const selection = { namespace: 'default' };
    expect(await cluster.list(Deployment, selection)).toEqual([]);
    expect(await cluster.list(ReplicaSet, selection)).toEqual([]);
    expect(await cluster.list(Pod, selection)).toEqual([]);
    const gone = keysDeleted(cluster).map((key) => key.split('/')[1]);
    expect(gone.filter((resource) => resource === 'pods')).toHaveLength(12);
    expect(gone.lastIndexOf('pods')).toBeLessThan(gone.indexOf('replicasets.apps'));
    expect(gone.indexOf('replicasets.apps')).toBeLessThan(gone.indexOf('deployments.apps'));
  });

  test('a dependent whose owner is in another namespace goes, and an event says why', async () => {
    const cluster = await started();
    const [here, there] = ['default', 'kube-public'];
    const owner = await cluster.client.create<ConfigMap>({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: there, name: 'owner' },
    });
    const { uid, name } = owner.metadata;
    await cluster.client.create<ConfigMap>({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        namespace: here,
        name: 'dependent',
        ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid }],
      },
    });
    await cluster.settle();
    await expect(cluster.get(ConfigMap, `${here}/dependent`)).rejects.toSatisfy(isNotFound);
    const events = await cluster.list(Event, { namespace: here });
    expect(events.map(({ reason, message }) => `${reason}: ${message}`)).toContain(
      `OwnerRefInvalidNamespace: ownerRef [v1/ConfigMap, namespace: ${here}, name: owner, uid: ${uid}] does not exist in namespace "${here}"`,
    );
  });

  test('a namespace goes as soon as its last Pod has ended', async () => {
    const cluster = await started();
    await cluster.client.create<Namespace>({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop' },
      spec: {},
    });
    await cluster.apply(web('shop'));
    await cluster.settle();
    await cluster.client.delete(Namespace, 'shop');
    const left = async () => (await cluster.list(Pod, { namespace: 'shop' })).length;
    let over = false;
    const watching = cluster.client.watch(Namespace, { fieldSelector: 'metadata.name=shop' }).subscribe((event) => {
      if (event.type === 'DELETED') over = true;
    });
    await cluster.run(() => over, { within: '5m' });
    watching.unsubscribe();
    expect(await left()).toBe(0);
    const deleted = keysDeleted(cluster);
    const lastPod = deleted.findLastIndex((key) => key.startsWith('/pods/shop/'));
    expect(deleted.findIndex((key) => key.startsWith('/namespaces/'))).toBeGreaterThan(lastPod);
    const terminating = cluster
      .history()
      .flatMap(({ writes }) => writes.match(/pods\. has \d+ resource instances/g) ?? []);
    // Its status is written when the deletion begins, not again for each Pod that ends.
    expect(terminating).toHaveLength(1);
  });
});
