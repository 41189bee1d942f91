import { Node, Pod } from '@orrery/api';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type SimulatedCluster, simulate } from '../simulate.ts';

async function started(manifests: string): Promise<SimulatedCluster> {
  const cluster = await simulate({ nodes: 1, faults: [] });
  onTestFinished(() => cluster.close());
  await cluster.apply(manifests);
  return cluster;
}

const create = (cluster: SimulatedCluster, name: string, spec: Partial<Pod['spec']>) =>
  cluster.client.create<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { containers: [{ name: 'main', image: 'nginx' }], ...spec },
  });

const asking = (cpu: string) => ({ containers: [{ name: 'main', image: 'nginx', resources: { limits: { cpu } } }] });

describe('a LimitRange', () => {
  const limits = `
apiVersion: v1
kind: LimitRange
metadata: { name: limits, namespace: default }
spec:
  limits:
    - { type: Container, max: { cpu: "1" }, min: { cpu: 100m }, defaultRequest: { cpu: 200m } }
    - { type: Pod, max: { cpu: 1500m } }
`;

  test('gives Pods requests and limits, from what it says and what follows from it', async () => {
    const cluster = await started(limits);
    const pod = await create(cluster, 'bare', {});
    expect(pod.spec.containers[0]?.resources).toEqual({ limits: { cpu: '1' }, requests: { cpu: '200m' } });
    expect(pod.metadata.annotations).toEqual({
      'kubernetes.io/limit-ranger':
        'LimitRanger plugin set: cpu request for container main; cpu limit for container main',
    });
    await cluster.settle();
    expect((await cluster.get(Pod, 'default/bare')).status?.qosClass).toBe('Burstable');
  });

  test('refuses Pods beyond its bounds', async () => {
    const cluster = await started(limits);
    await expect(create(cluster, 'greedy', asking('2'))).rejects.toThrow(
      'pods "greedy" is forbidden: [maximum cpu usage per Container is 1, but limit is 2, maximum cpu usage per Pod is 1500m, but limit is 2]',
    );
    await expect(create(cluster, 'modest', asking('50m'))).rejects.toThrow(
      'pods "modest" is forbidden: minimum cpu usage per Container is 100m, but request is 50m',
    );
  });
});

describe('a RuntimeClass', () => {
  test('that does not exist has no Pods', async () => {
    const cluster = await started('');
    await expect(create(cluster, 'odd', { runtimeClassName: 'none' })).rejects.toMatchObject({
      status: { code: 403, message: 'pods "odd" is forbidden: pod rejected: RuntimeClass "none" not found' },
    });
  });

  test('adds its overhead, which the scheduler counts', async () => {
    const cluster = await started(`
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: { name: heavy }
handler: heavy
overhead: { podFixed: { cpu: "64" } }
`);
    const pod = await create(cluster, 'heavy', { runtimeClassName: 'heavy' });
    expect(pod.spec.overhead).toEqual({ cpu: '64' });
    await cluster.settle();
    const { status } = await cluster.get(Pod, 'default/heavy');
    expect(status?.conditions?.find(({ type }) => type === 'PodScheduled')).toMatchObject({
      status: 'False',
      message: expect.stringContaining('Insufficient cpu'),
    });
  });
});

test('a LimitRange, a quota and a budget without a spec limit nothing', async () => {
  const cluster = await started('');
  for (const [apiVersion, kind] of [
    ['v1', 'LimitRange'],
    ['v1', 'ResourceQuota'],
    ['policy/v1', 'PodDisruptionBudget'],
  ] as const) {
    const made = await cluster.client.create({ apiVersion, kind, metadata: { name: 'empty', namespace: 'default' } });
    expect(made).toMatchObject({ spec: {} });
  }
  await create(cluster, 'free', {});
  await cluster.settle();
  expect((await cluster.get(Pod, 'default/free')).status?.phase).toBe('Running');
});

test('a node without a spec holds up no loop', async () => {
  const cluster = await started('');
  const bare = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'bare' } } as Node;
  await cluster.client.create(bare);
  expect((await cluster.client.update(bare)).spec).toEqual({});
  await cluster.client.patch(Node, 'bare', { type: 'merge', patch: { metadata: { labels: { a: 'b' } } } });
  await cluster.settle();
  // Whatever a loop has failed with is thrown here.
  await cluster.close();
});
