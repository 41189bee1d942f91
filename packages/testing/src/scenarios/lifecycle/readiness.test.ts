import { Deployment, EndpointSlice, Endpoints, Pod, type Service } from '@orrery/api';
import { expect, test } from 'vitest';
import { type PodScenario, podScenario, service } from '../pod-scenario.fixture.ts';

/** What depends on a Pod's readiness: its condition, the endpoints of its Services, and a Deployment's progress. */

const gate = 'example.com/load-balancer';
const probe = { exec: { command: ['test', '-e', '/tmp/ready'] }, periodSeconds: 1, failureThreshold: 1 };
const condition = async (cluster: PodScenario, type = 'Ready') =>
  (await cluster.pod()).status?.conditions?.find((one) => one.type === type);

async function withService(more: Partial<NonNullable<Service['spec']>> = {}): Promise<PodScenario> {
  const cluster = await podScenario();
  await cluster.client.create<Service>({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }], ...more },
  });
  return cluster;
}

/** The addresses by readiness, in the Endpoints object and in its EndpointSlices. */
async function endpoints(cluster: PodScenario) {
  await cluster.advance('2s');
  const { subsets = [] } = await cluster.client.get(Endpoints, { namespace: 'default', name: 'web' });
  const { items } = await cluster.client.list(EndpointSlice, { labelSelector: 'kubernetes.io/service-name=web' });
  const conditions = items.flatMap((slice) => slice.endpoints ?? []).map((one) => one.conditions);
  return {
    ready: subsets.flatMap(({ addresses = [] }) => addresses).map(({ targetRef }) => targetRef?.name),
    notReady: subsets
      .flatMap(({ notReadyAddresses = [] }) => notReadyAddresses)
      .map(({ targetRef }) => targetRef?.name),
    slices: conditions.map((one) => `${one?.ready} ${one?.serving} ${one?.terminating}`),
  };
}

async function open(cluster: PodScenario, status: string): Promise<void> {
  await cluster.client.patch(
    Pod,
    { namespace: 'default', name: 'web' },
    { type: 'strategic', patch: { status: { conditions: [{ type: gate, status }] } } },
    { subresource: 'status' },
  );
  await cluster.settle();
}

test('a Pod whose readiness gate is not met is a not-ready address in Endpoints and EndpointSlices', async () => {
  const cluster = await withService();
  await cluster.start(
    { readinessGates: [{ conditionType: gate }], containers: [service()] },
    { labels: { app: 'web' } },
  );
  const shut = { ready: [], notReady: ['web'], slices: ['false false false'] };
  const ready = { ready: ['web'], notReady: [], slices: ['true true false'] };
  expect(await endpoints(cluster)).toEqual(shut);
  expect(await cluster.row()).toEqual({ ready: '1/1', status: 'Running', restarts: '0' });
  await open(cluster, 'True');
  expect(await endpoints(cluster)).toEqual(ready);
  await open(cluster, 'False');
  expect(await endpoints(cluster)).toEqual(shut);
  expect((await cluster.pod()).status?.containerStatuses?.[0]).toMatchObject({ ready: true, restartCount: 0 });
});

test('a Pod whose containers are not ready is not ready, even when its gate is met', async () => {
  const cluster = await podScenario();
  await cluster.start({
    readinessGates: [{ conditionType: gate }],
    containers: [service({ readinessProbe: probe })],
  });
  await open(cluster, 'True');
  await cluster.advance('3s');
  expect(await condition(cluster)).toMatchObject({
    status: 'False',
    reason: 'ContainersNotReady',
    message: 'containers with unready status: [main]',
  });
  await cluster.exec('default/web', ['touch', '/tmp/ready']);
  await cluster.advance('2s');
  expect(await condition(cluster)).toMatchObject({ status: 'True' });
});

test('names every gate that is not met', async () => {
  const cluster = await podScenario();
  await cluster.start({
    readinessGates: [{ conditionType: 'a.com/one' }, { conditionType: gate }, { conditionType: 'a.com/two' }],
    containers: [service()],
  });
  await open(cluster, 'True');
  expect(await condition(cluster)).toMatchObject({
    status: 'False',
    reason: 'ReadinessGatesNotReady',
    message:
      'corresponding condition of pod readiness gate "a.com/one" does not exist., corresponding condition of pod readiness gate "a.com/two" does not exist.',
  });
});

test('readiness moves an address between ready and not ready, and restarts nothing', async () => {
  const cluster = await withService();
  await cluster.start({ containers: [service({ readinessProbe: probe })] }, { labels: { app: 'web' } });
  expect((await endpoints(cluster)).notReady).toEqual(['web']);
  for (let round = 0; round < 3; round++) {
    await cluster.exec('default/web', ['touch', '/tmp/ready']);
    expect(await endpoints(cluster)).toMatchObject({ ready: ['web'], notReady: [] });
    await cluster.exec('default/web', ['rm', '/tmp/ready']);
    expect(await endpoints(cluster)).toMatchObject({ ready: [], notReady: ['web'] });
  }
  expect(await cluster.row()).toEqual({ ready: '0/1', status: 'Running', restarts: '0' });
});

test('publishNotReadyAddresses: all addresses count as ready', async () => {
  const cluster = await withService({ publishNotReadyAddresses: true });
  await cluster.start({ containers: [service({ readinessProbe: probe })] }, { labels: { app: 'web' } });
  expect(await endpoints(cluster)).toEqual({ ready: ['web'], notReady: [], slices: ['true false false'] });
});

test('a terminating Pod leaves Endpoints at once, and is terminating in its slice until it is gone', async () => {
  const cluster = await withService();
  await cluster.start(
    { containers: [service({ command: ['sh', '-c', 'trap "sleep 10; exit" TERM; while true; do sleep 1; done'] })] },
    { labels: { app: 'web' } },
  );
  expect((await endpoints(cluster)).ready).toEqual(['web']);
  await cluster.remove();
  expect(await endpoints(cluster)).toEqual({ ready: [], notReady: [], slices: ['false true true'] });
  await cluster.advance('15s');
  expect(await endpoints(cluster)).toEqual({ ready: [], notReady: [], slices: [] });
});

test('a Pod that has ended is not an endpoint', async () => {
  const cluster = await withService();
  await cluster.start(
    { restartPolicy: 'Never', containers: [service({ command: ['sleep', '3'] })] },
    { labels: { app: 'web' } },
  );
  expect((await endpoints(cluster)).ready).toEqual(['web']);
  await cluster.advance('3s');
  expect(await endpoints(cluster)).toEqual({ ready: [], notReady: [], slices: [] });
});

test('minReadySeconds: a rollout replaces the next Pod only after the previous one has been ready that long', async () => {
  const cluster = await podScenario();
  const key = { namespace: 'default', name: 'web' };
  const deployment: Deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: key,
    spec: {
      replicas: 2,
      minReadySeconds: 30,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [service()] } },
    },
  };
  await cluster.client.create<Deployment>(deployment);
  await cluster.advance('40s');
  const status = async () => (await cluster.client.get(Deployment, key)).status;
  expect(await status()).toMatchObject({ availableReplicas: 2 });
  await cluster.client.patch(Deployment, key, {
    type: 'strategic',
    patch: { spec: { template: { metadata: { annotations: { version: '2' } } } } },
  });
  await cluster.advance('25s');
  expect(await status()).toMatchObject({ updatedReplicas: 1, replicas: 3, readyReplicas: 3, availableReplicas: 2 });
  await cluster.advance('10s');
  expect(await status()).toMatchObject({ updatedReplicas: 2 });
  await cluster.advance('40s');
  expect(await status()).toMatchObject({ updatedReplicas: 2, replicas: 2, availableReplicas: 2 });
});

test('minReadySeconds: the count restarts when a Pod becomes unready', async () => {
  const cluster = await podScenario();
  const key = { namespace: 'default', name: 'web' };
  await cluster.client.create<Deployment>({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: key,
    spec: {
      minReadySeconds: 20,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [service({ readinessProbe: probe })] },
      },
    },
  });
  await cluster.advance('2s');
  const [pod] = (await cluster.client.list(Pod, { namespace: 'default' })).items;
  const at = `default/${pod?.metadata.name}`;
  await cluster.exec(at, ['touch', '/tmp/ready']);
  await cluster.advance('15s');
  await cluster.exec(at, ['rm', '/tmp/ready']);
  await cluster.advance('3s');
  await cluster.exec(at, ['touch', '/tmp/ready']);
  await cluster.advance('15s');
  const available = async () => (await cluster.client.get(Deployment, key)).status?.availableReplicas ?? 0;
  expect(await available()).toBe(0);
  await cluster.advance('10s');
  expect(await available()).toBe(1);
});
