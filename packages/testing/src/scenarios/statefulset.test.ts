import { ControllerRevision, Event, PersistentVolumeClaim, Pod, StatefulSet } from '@orrery/api';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type SimulatedCluster, simulate } from '../simulate.ts';

interface Options {
  readonly image?: string;
  readonly replicas?: number;
  readonly spec?: string;
  readonly pod?: string;
}

const db = ({ image = 'nginx', replicas = 3, spec = '', pod = '' }: Options = {}) => `
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db, namespace: default }
spec:
  serviceName: db
  replicas: ${replicas}
  selector: { matchLabels: { app: db } }
  ${spec}
  template:
    metadata: { labels: { app: db } }
    spec: { containers: [{ name: db, image: '${image}' }]${pod === '' ? '' : `, ${pod}`} }
`;

// Nothing binds claims, so their Pods do not start: they are made all at once.
const claims = `podManagementPolicy: Parallel
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }`;

async function started(manifests: string): Promise<SimulatedCluster> {
  const cluster = await simulate({ nodes: 2, faults: [] });
  onTestFinished(() => cluster.close());
  await cluster.apply(manifests);
  await cluster.advance('1m');
  return cluster;
}

const pods = async (cluster: SimulatedCluster) =>
  (await cluster.list(Pod, { labelSelector: 'app=db' })).toSorted((a, b) =>
    a.metadata.name < b.metadata.name ? -1 : 1,
  );
const names = async (cluster: SimulatedCluster) => (await pods(cluster)).map(({ metadata }) => metadata.name);
const images = async (cluster: SimulatedCluster) => (await pods(cluster)).map(({ spec }) => spec.containers[0]?.image);
const status = async (cluster: SimulatedCluster) => (await cluster.get(StatefulSet, 'default/db')).status;
const claimNames = async (cluster: SimulatedCluster) =>
  (await cluster.list(PersistentVolumeClaim)).map(({ metadata }) => metadata.name).sort();

async function messages(cluster: SimulatedCluster): Promise<readonly string[]> {
  const events = await cluster.list(Event, { fieldSelector: 'involvedObject.kind=StatefulSet' });
  return events.map(({ reason = '', message = '' }) => `${reason}: ${message}`);
}

async function change(cluster: SimulatedCluster, manifests: string): Promise<void> {
  await cluster.apply(manifests);
  await cluster.advance('3m');
}

/** What happens to Pods while a change is carried out: `+` creations, `-` deletions, by name. */
async function watched(cluster: SimulatedCluster, work: () => Promise<unknown>): Promise<readonly string[]> {
  const seen: string[] = [];
  const known = new Set((await pods(cluster)).map(({ metadata }) => metadata.uid));
  const subscription = cluster.client.watch(Pod, { labelSelector: 'app=db' }).subscribe((event) => {
    if (event.type === 'DELETED') seen.push(`-${event.object.metadata.name}`);
    if (event.type !== 'ADDED' || known.has(event.object.metadata.uid)) return;
    known.add(event.object.metadata.uid);
    seen.push(`+${event.object.metadata.name}`);
  });
  await work();
  subscription.unsubscribe();
  return seen;
}

describe('a StatefulSet', () => {
  test('gives each Pod an identity of its own', async () => {
    const cluster = await started(db({ spec: 'ordinals: { start: 5 }', replicas: 2 }));
    expect(await names(cluster)).toEqual(['db-5', 'db-6']);
    const [pod] = await pods(cluster);
    const { updateRevision } = (await status(cluster)) ?? {};
    expect(pod?.metadata.labels).toEqual({
      app: 'db',
      'apps.kubernetes.io/pod-index': '5',
      'controller-revision-hash': updateRevision,
      'statefulset.kubernetes.io/pod-name': 'db-5',
    });
    expect(pod?.spec).toMatchObject({ hostname: 'db-5', subdomain: 'db' });
    expect(await status(cluster)).toEqual({
      availableReplicas: 2,
      collisionCount: 0,
      currentReplicas: 2,
      currentRevision: updateRevision,
      observedGeneration: 1,
      readyReplicas: 2,
      replicas: 2,
      updateRevision,
      updatedReplicas: 2,
    });
    expect(await messages(cluster)).toEqual([
      'SuccessfulCreate: Create Pod db-5 in StatefulSet db successful',
      'SuccessfulCreate: Create Pod db-6 in StatefulSet db successful',
    ]);
  });

  test('is scaled in order, up and down', async () => {
    const cluster = await started(db());
    expect(await names(cluster)).toEqual(['db-0', 'db-1', 'db-2']);
    expect(await watched(cluster, () => change(cluster, db({ replicas: 1 })))).toEqual(['-db-2', '-db-1']);
    expect(await watched(cluster, () => change(cluster, db()))).toEqual(['+db-1', '+db-2']);
    expect(await messages(cluster)).toContain('SuccessfulDelete: Delete Pod db-2 in StatefulSet db successful');
  });

  test('waits for a Pod that does not start, and with the policy Parallel for none', async () => {
    const pod = 'nodeSelector: { disk: ssd }';
    expect(await names(await started(db({ pod })))).toEqual(['db-0']);
    const cluster = await started(db({ pod, spec: 'podManagementPolicy: Parallel' }));
    expect(await names(cluster)).toEqual(['db-0', 'db-1', 'db-2']);
    expect(await status(cluster)).toMatchObject({ replicas: 3, updatedReplicas: 3 });
  });

  test('is updated from the highest ordinal down', async () => {
    const cluster = await started(db());
    const first = (await status(cluster))?.currentRevision;
    const seen = await watched(cluster, () => change(cluster, db({ image: 'nginx:1.27' })));
    expect(seen).toEqual(['-db-2', '+db-2', '-db-1', '+db-1', '-db-0', '+db-0']);
    expect(await images(cluster)).toEqual(['nginx:1.27', 'nginx:1.27', 'nginx:1.27']);
    const { currentRevision, updateRevision } = (await status(cluster)) ?? {};
    expect(currentRevision).toBe(updateRevision);
    expect(currentRevision).not.toBe(first);
    expect((await cluster.list(ControllerRevision)).map(({ revision }) => revision).sort()).toEqual([1, 2]);
  });

  test('is updated down to the partition; below it Pods come back as they were', async () => {
    const spec = 'updateStrategy: { rollingUpdate: { partition: 2 } }';
    const cluster = await started(db({ spec }));
    await change(cluster, db({ spec, image: 'nginx:1.27' }));
    expect(await images(cluster)).toEqual(['nginx', 'nginx', 'nginx:1.27']);
    expect(await status(cluster)).toMatchObject({ currentReplicas: 2, updatedReplicas: 1, readyReplicas: 3 });
    await cluster.client.delete(Pod, 'default/db-0');
    await cluster.advance('1m');
    expect(await images(cluster)).toEqual(['nginx', 'nginx', 'nginx:1.27']);
  });

  test('waits for its user with OnDelete', async () => {
    const spec = 'updateStrategy: { type: OnDelete }';
    const cluster = await started(db({ spec }));
    await change(cluster, db({ spec, image: 'nginx:1.27' }));
    expect(await images(cluster)).toEqual(['nginx', 'nginx', 'nginx']);
    await cluster.client.delete(Pod, 'default/db-1');
    await cluster.advance('1m');
    expect(await images(cluster)).toEqual(['nginx', 'nginx:1.27', 'nginx']);
  });

  test('makes the claims of each Pod and keeps them', async () => {
    const cluster = await started(db({ spec: claims, replicas: 2 }));
    expect(await claimNames(cluster)).toEqual(['data-db-0', 'data-db-1']);
    const [claim] = await cluster.list(PersistentVolumeClaim);
    expect(claim?.metadata.labels).toEqual({ app: 'db' });
    expect(claim?.metadata.ownerReferences ?? []).toEqual([]);
    const [pod] = await pods(cluster);
    expect(pod?.spec.volumes?.[0]).toEqual({ name: 'data', persistentVolumeClaim: { claimName: 'data-db-0' } });
    expect(await messages(cluster)).toContain(
      'SuccessfulCreate: Create Claim data-db-0 Pod db-0 in StatefulSet db success',
    );
    await change(cluster, db({ spec: claims, replicas: 0 }));
    expect(await claimNames(cluster)).toEqual(['data-db-0', 'data-db-1']);
  });

  test('lets claims go with what the retention policy says', async () => {
    const spec = `persistentVolumeClaimRetentionPolicy: { whenDeleted: Delete, whenScaled: Delete }\n  ${claims}`;
    const cluster = await started(db({ spec, replicas: 2 }));
    const [claim] = await cluster.list(PersistentVolumeClaim);
    expect(await claimNames(cluster)).toEqual(['data-db-0', 'data-db-1']);
    expect(claim?.metadata.ownerReferences?.map(({ kind, name }) => `${kind}/${name}`)).toEqual(['StatefulSet/db']);
    await change(cluster, db({ spec, replicas: 1 }));
    expect(await claimNames(cluster)).toEqual(['data-db-0']);
    await cluster.client.delete(StatefulSet, 'default/db');
    await cluster.advance('1m');
    expect(await claimNames(cluster)).toEqual([]);
  });

  test('waits for Pods to have been ready for minReadySeconds', async () => {
    const cluster = await started(db({ spec: 'minReadySeconds: 100' }));
    expect(await names(cluster)).toEqual(['db-0']);
    expect(await status(cluster)).toMatchObject({ readyReplicas: 1, availableReplicas: 0 });
    await cluster.advance('1m');
    expect(await names(cluster)).toEqual(['db-0', 'db-1']);
  });
});
