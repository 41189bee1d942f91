import { ConfigMap, Pod, ResourceQuota, type Service } from '@orrery/api';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type SimulatedCluster, simulate } from '../simulate.ts';

async function started(hard: string, more = ''): Promise<SimulatedCluster> {
  const cluster = await simulate({ nodes: 2, faults: [] });
  onTestFinished(() => cluster.close());
  await cluster.apply(`
apiVersion: v1
kind: ResourceQuota
metadata: { name: quota, namespace: default }
spec: { hard: { ${hard} }${more} }
`);
  await cluster.settle();
  return cluster;
}

const status = async (cluster: SimulatedCluster) => (await cluster.get(ResourceQuota, 'default/quota')).status;
const used = async (cluster: SimulatedCluster) => (await status(cluster))?.used;

const createPod = (cluster: SimulatedCluster, name: string, spec: Partial<Pod['spec']> = {}) =>
  cluster.client.create<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { containers: [{ name: 'main', image: 'nginx' }], ...spec },
  });

const asking = (cpu: string) => ({ containers: [{ name: 'main', image: 'nginx', resources: { requests: { cpu } } }] });

describe('a ResourceQuota', () => {
  test('is charged at once, refuses what is too much, and gets back what ends', async () => {
    const cluster = await started('pods: "3", requests.cpu: "1", configmaps: "10"');
    expect(await status(cluster)).toMatchObject({
      hard: { pods: '3', 'requests.cpu': '1', configmaps: '10' },
      used: { pods: '0', 'requests.cpu': '0', configmaps: '1' },
    });
    await createPod(cluster, 'a', asking('400m'));
    expect(await used(cluster)).toMatchObject({ pods: '1', 'requests.cpu': '400m' });
    await createPod(cluster, 'b', asking('600m'));
    await expect(createPod(cluster, 'c', asking('1m'))).rejects.toMatchObject({
      status: {
        code: 403,
        message:
          'pods "c" is forbidden: exceeded quota: quota, requested: requests.cpu=1m, used: requests.cpu=1, limited: requests.cpu=1',
      },
    });
    await expect(createPod(cluster, 'silent')).rejects.toThrow(
      'pods "silent" is forbidden: failed quota: quota: must specify requests.cpu for: main',
    );
    await cluster.client.delete(Pod, 'default/a');
    await cluster.advance('1m');
    expect(await used(cluster)).toMatchObject({ pods: '1', 'requests.cpu': '600m' });
    await createPod(cluster, 'c', asking('1m'));
  });

  test('is not overdrawn by many that come at once', async () => {
    const cluster = await started('configmaps: "5"');
    const creating = Array.from({ length: 12 }, (_, index) =>
      cluster.client.create<ConfigMap>({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: `map-${index}`, namespace: 'default' },
      }),
    );
    const results = await Promise.allSettled(creating);
    // One is there already: the root certificates.
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(4);
    await cluster.settle();
    expect(await used(cluster)).toEqual({ configmaps: '5' });
    expect(await cluster.list(ConfigMap)).toHaveLength(5 + (await cluster.list(ConfigMap)).filter(isElsewhere).length);
  });

  test('charges nothing for a dry run', async () => {
    const cluster = await started('pods: "1"');
    const pod: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'dry', namespace: 'default' },
      spec: { containers: [{ name: 'main', image: 'nginx' }] },
    };
    await cluster.client.create(pod, { dryRun: true });
    expect(await used(cluster)).toEqual({ pods: '0' });
  });

  test('counts Pods of its scopes only', async () => {
    const cluster = await started('pods: "1"', ', scopes: [BestEffort]');
    await createPod(cluster, 'asks', asking('100m'));
    expect(await used(cluster)).toEqual({ pods: '0' });
    await createPod(cluster, 'greedless');
    await expect(createPod(cluster, 'another')).rejects.toThrow('exceeded quota: quota');
  });

  test('counts objects of any kind, and Services as they change', async () => {
    const cluster = await started(
      'count/deployments.apps: "1", services.nodeports: "1", count/widgets.example.com: "3"',
    );
    expect(await used(cluster)).toEqual({ 'count/deployments.apps': '0', 'services.nodeports': '0' });
    const service = (name: string, type: 'ClusterIP' | 'NodePort'): Service => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: 'default' },
      spec: { type, ports: [{ port: 80 }], selector: { app: 'x' } },
    });
    const web = await cluster.client.create(service('web', 'ClusterIP'));
    await cluster.client.update({ ...web, spec: { ...web.spec, type: 'NodePort' } });
    expect(await used(cluster)).toMatchObject({ 'services.nodeports': '1' });
    await expect(cluster.client.create(service('more', 'NodePort'))).rejects.toThrow(
      'exceeded quota: quota, requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1',
    );
  });

  test('is counted anew when its limits change, and keeps those below what is used', async () => {
    const cluster = await started('pods: "2"');
    await createPod(cluster, 'a');
    const patch = { spec: { hard: { pods: '0', configmaps: '7' } } };
    await cluster.client.patch(ResourceQuota, 'default/quota', { type: 'merge', patch });
    await cluster.settle();
    expect(await status(cluster)).toEqual({
      hard: { pods: '0', configmaps: '7' },
      used: { pods: '1', configmaps: '1' },
    });
  });
});

const isElsewhere = ({ metadata }: { readonly metadata: { readonly namespace?: string } }) =>
  metadata.namespace !== 'default';
