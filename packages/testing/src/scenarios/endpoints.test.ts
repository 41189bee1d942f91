import { EndpointSlice, Endpoints, Node, Pod, Service } from '@orrery/api';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type SimulatedCluster, simulate } from '../simulate.ts';

const web = `
apiVersion: v1
kind: Service
metadata: { name: web, namespace: default }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: default }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: nginx }] }
`;

async function started(): Promise<SimulatedCluster> {
  const cluster = await simulate({ nodes: 1, faults: [] });
  onTestFinished(() => cluster.close());
  await cluster.apply(web);
  await cluster.settle();
  return cluster;
}

/** Names of the Pods that the Service's slices show, and those that its Endpoints show. */
async function shown(cluster: SimulatedCluster): Promise<{ slices: readonly string[]; endpoints: readonly string[] }> {
  const slices = await cluster.list(EndpointSlice, { labelSelector: 'kubernetes.io/service-name=web' });
  const { subsets = [] } = await cluster.get(Endpoints, 'default/web');
  return {
    slices: slices.flatMap(({ endpoints }) => endpoints?.map(({ targetRef }) => targetRef?.name ?? '') ?? []).sort(),
    endpoints: subsets
      .flatMap(({ addresses }) => addresses?.map(({ targetRef }) => targetRef?.name ?? '') ?? [])
      .sort(),
  };
}

async function podNames(cluster: SimulatedCluster): Promise<readonly string[]> {
  return (await cluster.list(Pod, { labelSelector: 'app=web' })).map(({ metadata }) => metadata.name).sort();
}

describe('the endpoints of a Service', () => {
  test('lose a Pod that is deleted by force while it runs', async () => {
    const cluster = await started();
    const [first] = await podNames(cluster);
    await cluster.client.delete(Pod, `default/${first}`, { gracePeriodSeconds: 0 });
    await cluster.settle();
    const names = await podNames(cluster);
    expect(names).not.toContain(first);
    expect(await shown(cluster)).toEqual({ slices: names, endpoints: names });
  });

  test('lose a Pod whose labels no longer match, and show it again when they do', async () => {
    const cluster = await started();
    const [first] = await podNames(cluster);
    const label = (app: string) =>
      cluster.client.patch(Pod, `default/${first}`, { type: 'merge', patch: { metadata: { labels: { app } } } });
    await label('other');
    await cluster.settle();
    const names = await podNames(cluster);
    expect(names).toHaveLength(3);
    expect(await shown(cluster)).toEqual({ slices: names, endpoints: names });
    await label('web');
    await cluster.settle();
    const again = await podNames(cluster);
    expect(await shown(cluster)).toEqual({ slices: again, endpoints: again });
  });

  test('are put right when somebody else changes or deletes a slice', async () => {
    const cluster = await started();
    const names = await podNames(cluster);
    const [slice] = await cluster.list(EndpointSlice, { labelSelector: 'kubernetes.io/service-name=web' });
    const key = `default/${slice?.metadata.name}`;
    await cluster.client.patch(EndpointSlice, key, { type: 'merge', patch: { endpoints: [] } });
    await cluster.settle();
    expect(await shown(cluster)).toEqual({ slices: names, endpoints: names });
    await cluster.client.delete(EndpointSlice, key);
    await cluster.settle();
    expect(await shown(cluster)).toEqual({ slices: names, endpoints: names });
  });

  test('follow a Service that comes to select other Pods', async () => {
    const cluster = await started();
    await cluster.client.patch(Service, 'default/web', {
      type: 'merge',
      patch: { spec: { selector: { app: 'none' } } },
    });
    await cluster.settle();
    expect(await shown(cluster)).toEqual({ slices: [], endpoints: [] });
    await cluster.client.patch(Service, 'default/web', {
      type: 'merge',
      patch: { spec: { selector: { app: 'web' } } },
    });
    await cluster.settle();
    const names = await podNames(cluster);
    expect(await shown(cluster)).toEqual({ slices: names, endpoints: names });
  });

  test('show the zone that a node has moved to from the next change of the Service on', async () => {
    const cluster = await started();
    const patch = { metadata: { labels: { 'topology.kubernetes.io/zone': 'zone-b' } } };
    await cluster.client.patch(Node, 'node1', { type: 'merge', patch });
    await cluster.settle();
    const [first] = await podNames(cluster);
    await cluster.client.delete(Pod, `default/${first}`, { gracePeriodSeconds: 0 });
    await cluster.settle();
    const slices = await cluster.list(EndpointSlice, { labelSelector: 'kubernetes.io/service-name=web' });
    expect(slices.flatMap(({ endpoints }) => endpoints?.map(({ zone }) => zone) ?? [])).toEqual(
      Array(3).fill('zone-b'),
    );
  });

  test('are right after their controllers have crashed and missed what happened', async () => {
    const cluster = await started();
    const [first] = await podNames(cluster);
    cluster.faults.use({ actors: ['endpoint-controller', 'endpointslice-controller'], crash: 1 });
    await cluster.client.delete(Pod, `default/${first}`, { gracePeriodSeconds: 0 });
    await cluster.advance('500ms');
    const { happened } = cluster.faults;
    expect((happened.get('crash before') ?? 0) + (happened.get('crash after') ?? 0)).toBe(2);
    cluster.faults.use();
    await cluster.client.delete(Pod, `default/${(await podNames(cluster))[0]}`, { gracePeriodSeconds: 0 });
    await cluster.advance('10s');
    const names = await podNames(cluster);
    expect(await shown(cluster)).toEqual({ slices: names, endpoints: names });
  });
});
