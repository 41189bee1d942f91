import { Deployment, type KubernetesObject, type Node, type Pod, type Service, type Stored } from '@orrery/api';
import { describe, expect, it } from 'vitest';
import { configMapNamed, deployment, podNamed, refusal, testApi, Website, website } from './api.fixture.ts';

const key = (name: string) => ({ namespace: 'default', name });
describe('generation', () => {
  const generationAfter = async (change: (made: Stored<Deployment>) => Deployment): Promise<number | undefined> => {
    const { admin } = await testApi();
    const made = await admin.create(deployment());
    expect(made.metadata.generation).toBe(1);
    return (await admin.update(change(made))).metadata.generation;
  };

  it.each<[string, number, (made: Stored<Deployment>) => Deployment]>([
    ['counts a change of the spec', 2, (made) => ({ ...made, spec: { ...made.spec, replicas: 2 } })],
    ['does not count labels', 1, (made) => ({ ...made, metadata: { ...made.metadata, labels: { a: 'b' } } })],
    [
      'counts annotations of a Deployment',
      2,
      (made) => ({ ...made, metadata: { ...made.metadata, annotations: { a: 'b' } } }),
    ],
    [
      'cannot be set by clients',
      2,
      (made) => ({ ...made, metadata: { ...made.metadata, generation: 50 }, spec: { ...made.spec, replicas: 2 } }),
    ],
  ])('%s', async (_, expected, change) => {
    expect(await generationAfter(change)).toBe(expected);
  });

  it('does not count a status', async () => {
    const { admin } = await testApi();
    const made = await admin.create(deployment());
    const updated = await admin.updateStatus({ ...made, status: { replicas: 1 } });
    expect(updated.metadata.generation).toBe(1);
  });

  it('counts the deletion timestamp', async () => {
    const { admin } = await testApi();
    await admin.create(deployment(1, { finalizers: ['a/b'] }));
    expect((await admin.delete(Deployment, key('web')))?.metadata.generation).toBe(2);
  });

  it('is not kept for ConfigMaps and Nodes', async () => {
    const { admin } = await testApi();
    const map = await admin.create(configMapNamed('c'));
    const node = await admin.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } } as Node);
    expect([map.metadata.generation, node.metadata.generation]).toEqual([undefined, undefined]);
  });

  it('of a custom object counts all but metadata and status', async () => {
    const { admin } = await testApi({ kinds: [Website] });
    const made = (await admin.create(website())) as Stored<KubernetesObject & { spec: object }>;
    const other = await admin.update({ ...made, spec: { title: 'b' } });
    const labelled = await admin.update({ ...other, metadata: { ...other.metadata, labels: { a: 'b' } } });
    expect([other.metadata.generation, labelled.metadata.generation]).toEqual([2, 2]);
  });
});

describe('status', () => {
  it('of a Pod changes labels, but not spec, owners or QoS class', async () => {
    const { admin } = await testApi();
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'u' };
    const pod = await admin.create(podNamed('p', { ownerReferences: [owner] }));
    const { ownerReferences: _, ...metadata } = pod.metadata;
    const updated = await admin.updateStatus({
      ...pod,
      metadata: { ...metadata, labels: { a: 'b' } },
      spec: { ...pod.spec, nodeName: 'elsewhere' },
      status: { phase: 'Running', qosClass: 'Guaranteed' },
    } as Stored<Pod>);
    expect(updated.spec).toBe(pod.spec);
    expect(updated.metadata).toMatchObject({ labels: { a: 'b' }, ownerReferences: [owner] });
    expect(updated.status).toEqual({ phase: 'Running', qosClass: 'BestEffort' });
  });

  it.each<[string, object | undefined]>([
    ['that it has', { a: 'b' }],
    ['that it lacks', undefined],
  ])('of a Deployment leaves the labels alone %s', async (_, labels) => {
    const { admin } = await testApi();
    const made = await admin.create(deployment(1, labels === undefined ? {} : { labels }));
    const changed = { ...made, metadata: { ...made.metadata, labels: { x: 'y' } }, status: { replicas: 1 } };
    const updated = await admin.updateStatus(changed);
    expect(updated.metadata.labels).toEqual(labels);
    expect(updated.status).toEqual({ replicas: 1 });
  });

  it('of a custom object changes nothing but the status', async () => {
    const { admin } = await testApi({ kinds: [Website] });
    const made = await admin.create(website());
    const changed = {
      ...made,
      metadata: { ...made.metadata, labels: { x: 'y' }, annotations: { x: 'y' } },
      spec: { title: 'b' },
      status: { url: 'u' },
    } as unknown as Stored;
    const updated = await admin.updateStatus(changed);
    expect(updated).toMatchObject({ spec: { title: 'a' }, status: { url: 'u' } });
    expect([updated.metadata.labels, updated.metadata.annotations]).toEqual([undefined, undefined]);
  });

  it('is 404 for kinds that have none', async () => {
    const { admin } = await testApi();
    const made = await admin.create(configMapNamed('c'));
    expect(await refusal(admin.updateStatus(made))).toMatchObject({
      code: 404,
      message: 'the server could not find the requested resource',
    });
  });

  it('is not touched by an update of a Service through the main endpoint', async () => {
    const { admin } = await testApi();
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } };
    const made = await admin.create(service as unknown as Service);
    const updated = await admin.update({ ...made, status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } } });
    expect(updated.status).toEqual({ loadBalancer: {} });
  });
});

describe('managed fields', () => {
  it('record who wrote what, through which endpoint', async () => {
    const { admin } = await testApi();
    const pod = await admin.create(podNamed('p'), { fieldManager: 'creator' });
    const updated = await admin.updateStatus({ ...pod, status: { phase: 'Running' } }, { fieldManager: 'kubelet' });
    expect(
      updated.metadata.managedFields?.map(({ manager, operation, subresource }) => [manager, operation, subresource]),
    ).toEqual([
      ['creator', 'Update', undefined],
      ['kubelet', 'Update', 'status'],
    ]);
  });
});
