import { Deployment, EndpointSlice, Pod, type Probe, type Service } from '@orrery/api';
import { expect, test } from 'vitest';
import { type PodScenario, podScenario, script, service } from '../pod-scenario.fixture.ts';

/** Liveness, readiness and startup probes of all kinds, and what depends on readiness. */

const key = { namespace: 'default', name: 'web' };
const status = async (cluster: PodScenario) => (await cluster.pod()).status?.containerStatuses?.[0];
const condition = async (cluster: PodScenario, type: string) =>
  (await cluster.pod()).status?.conditions?.find((one) => one.type === type);
const touch = (cluster: PodScenario, path: string) => cluster.exec('default/web', ['touch', path]);
const remove = (cluster: PodScenario, path: string) => cluster.exec('default/web', ['rm', '-f', path]);
const fileProbe = (path: string, more: Partial<Probe> = {}): Probe => ({
  exec: { command: ['cat', path] },
  periodSeconds: 2,
  ...more,
});
const agnhost = { name: 'main', image: 'registry.k8s.io/e2e-test-images/agnhost', args: ['netexec'] };

test.for<readonly [string, Probe, boolean]>([
  ['exec that exits with 0', { exec: { command: ['true'] } }, true],
  ['exec that exits with another code', { exec: { command: ['false'] } }, false],
  ['exec that takes longer than its timeout', { exec: { command: ['sleep', '5'] }, timeoutSeconds: 2 }, false],
  ['httpGet with 200', { httpGet: { path: '/healthz', port: 8080 } }, true],
  ['httpGet with 399', { httpGet: { path: '/echo?code=399', port: 8080 } }, true],
  ['httpGet with 400', { httpGet: { path: '/echo?code=400', port: 8080 } }, false],
  ['httpGet on a named port', { httpGet: { path: '/healthz', port: 'web' } }, true],
  ['httpGet on a port name that does not exist', { httpGet: { path: '/healthz', port: 'other' } }, false],
  ['httpGet on a closed port', { httpGet: { path: '/', port: 9 } }, false],
  ['httpGet over HTTPS to a plain server', { httpGet: { path: '/', port: 8080, scheme: 'HTTPS' } }, false],
  ['tcpSocket', { tcpSocket: { port: 8080 } }, true],
  ['tcpSocket on a named port', { tcpSocket: { port: 'web' } }, true],
  ['tcpSocket on a closed port', { tcpSocket: { port: 9 } }, false],
  ['grpc that is SERVING', { grpc: { port: 8080 } }, true],
  ['grpc on a closed port', { grpc: { port: 9 } }, false],
])('a readiness probe with %s: ready %s', async ([, readinessProbe, ready]) => {
  const cluster = await podScenario();
  await cluster.start({ containers: [{ ...agnhost, ports: [{ name: 'web', containerPort: 8080 }], readinessProbe }] });
  await cluster.advance('10s');
  expect((await status(cluster))?.ready).toBe(ready);
  expect((await condition(cluster, 'Ready'))?.status).toBe(ready ? 'True' : 'False');
});

test('an httpGet probe sends its headers, Host included, and identifies itself as a probe', async () => {
  const cluster = await podScenario();
  await cluster.start({
    containers: [
      {
        name: 'main',
        image: 'nginx',
        readinessProbe: {
          httpGet: { path: '/', port: 80, httpHeaders: [{ name: 'Referer', value: 'http://probe.test/' }] },
        },
      },
    ],
  });
  await cluster.advance('3s');
  expect(await cluster.logs('default/web')).toMatch(
    /"GET \/ HTTP\/1.1" 200 \d+ "http:\/\/probe.test\/" "kube-probe\/1.35"/,
  );
});

test('an unhealthy gRPC server is not ready', async () => {
  const cluster = await podScenario();
  await cluster.start({
    containers: [{ ...agnhost, readinessProbe: { grpc: { port: 8080 }, periodSeconds: 1, failureThreshold: 1 } }],
  });
  await cluster.advance('2s');
  expect((await status(cluster))?.ready).toBe(true);
  await cluster.exec('default/web', ['wget', '-q', '-O', '-', 'http://localhost:8080/unhealthy']);
  await cluster.advance('2s');
  expect((await status(cluster))?.ready).toBe(false);
  expect(await cluster.events()).toContainEqual(
    expect.stringMatching(
      /^Warning Unhealthy: Readiness probe failed: service unhealthy \(responded with "NOT_SERVING"\)/,
    ),
  );
});

test('a container is not ready after failureThreshold failures in a row, and ready again after successThreshold successes', async () => {
  const cluster = await podScenario();
  await cluster.start({
    containers: [service({ readinessProbe: fileProbe('/tmp/ready', { successThreshold: 3, failureThreshold: 2 }) })],
  });
  const ready = async () => (await status(cluster))?.ready;
  await cluster.advance('1s');
  await touch(cluster, '/tmp/ready');
  await cluster.advance('4s');
  expect(await ready()).toBe(false);
  await cluster.advance('2s');
  expect(await ready()).toBe(true);
  await remove(cluster, '/tmp/ready');
  await cluster.advance('2s');
  expect(await ready()).toBe(true);
  await cluster.advance('2s');
  expect(await ready()).toBe(false);
  expect((await status(cluster))?.restartCount).toBe(0);
});

test('initialDelaySeconds: does not probe before the delay has passed', async () => {
  const cluster = await podScenario();
  await cluster.start({
    containers: [
      service({ readinessProbe: { exec: { command: ['true'] }, initialDelaySeconds: 10, periodSeconds: 1 } }),
    ],
  });
  await cluster.advance('9s');
  expect((await status(cluster))?.ready).toBe(false);
  await cluster.advance('2s');
  expect((await status(cluster))?.ready).toBe(true);
});

test('a liveness probe restarts only its container, after failureThreshold failures', async () => {
  const cluster = await podScenario();
  await cluster.start({
    containers: [
      script('touch /tmp/healthy; trap exit TERM; sleep 9 & wait; rm /tmp/healthy; while true; do sleep 1; done', {
        livenessProbe: fileProbe('/tmp/healthy'),
      }),
      service({ name: 'other' }),
    ],
  });
  await cluster.advance('13s');
  expect((await status(cluster))?.restartCount).toBe(0);
  await cluster.advance('4s');
  const statuses = (await cluster.pod()).status?.containerStatuses;
  expect(statuses?.map(({ restartCount }) => restartCount)).toEqual([1, 0]);
  expect(await cluster.events()).toEqual(
    expect.arrayContaining([
      "Warning Unhealthy: Liveness probe failed: cat: can't open '/tmp/healthy': No such file or directory\n (x3)",
      'Normal Killing: Container main failed liveness probe, will be restarted',
    ]),
  );
});

test('under Never a liveness failure ends the container without a restart', async () => {
  const cluster = await podScenario();
  await cluster.start({
    restartPolicy: 'Never',
    containers: [service({ livenessProbe: fileProbe('/no', { failureThreshold: 1 }) }), service({ name: 'other' })],
  });
  await cluster.advance('1m');
  expect(await cluster.row()).toMatchObject({ ready: '1/2', status: 'NotReady' });
  expect(await cluster.events()).toContain('Normal Killing: Container main failed liveness probe');
});

test.for([
  ['the Pod’s grace period', {}, 20],
  ['the probe’s own grace period', { terminationGracePeriodSeconds: 5 }, 5],
] as const)('a container that a liveness probe kills gets %s', async ([, own, seconds]) => {
  const cluster = await podScenario();
  await cluster.start({
    terminationGracePeriodSeconds: 20,
    containers: [
      script('sleep 1d; true', {
        livenessProbe: { exec: { command: ['false'] }, initialDelaySeconds: 10, failureThreshold: 1, ...own },
      }),
    ],
  });
  await cluster.advance('45s');
  const { lastState } = (await status(cluster)) ?? {};
  const ran = Date.parse(lastState?.terminated?.finishedAt ?? '') - Date.parse(lastState?.terminated?.startedAt ?? '');
  expect(ran / 1000).toBe(10 + seconds);
  expect(lastState?.terminated?.exitCode).toBe(137);
});

test('a startup probe holds off the other probes until it succeeds', async () => {
  const cluster = await podScenario();
  await cluster.start({
    containers: [
      service({
        startupProbe: fileProbe('/tmp/started', { failureThreshold: 30 }),
        livenessProbe: fileProbe('/no', { failureThreshold: 1 }),
        readinessProbe: { exec: { command: ['true'] } },
      }),
    ],
  });
  await cluster.advance('20s');
  expect(await status(cluster)).toMatchObject({ started: false, ready: false, restartCount: 0 });
  await touch(cluster, '/tmp/started');
  await cluster.advance('3s');
  expect((await status(cluster))?.restartCount).toBe(1);
});

test('a startup probe that never succeeds restarts the container', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [service({ startupProbe: fileProbe('/no', { failureThreshold: 3 }) })] });
  await cluster.advance('7s');
  expect((await status(cluster))?.restartCount).toBe(1);
  expect(await cluster.events()).toContain('Normal Killing: Container main failed startup probe, will be restarted');
});

test('the probes of a new container start over', async () => {
  const cluster = await podScenario();
  await cluster.start({
    containers: [
      script('sleep 10; exit 1', {
        readinessProbe: { exec: { command: ['true'] }, initialDelaySeconds: 4, periodSeconds: 1 },
      }),
    ],
  });
  await cluster.advance('6s');
  expect((await status(cluster))?.ready).toBe(true);
  await cluster.advance('6s');
  expect(await status(cluster)).toMatchObject({ ready: false, restartCount: 1 });
  await cluster.advance('3s');
  expect((await status(cluster))?.ready).toBe(true);
});

test('readiness gates: the Pod is ready only when every gate’s condition is True as well', async () => {
  const cluster = await podScenario();
  await cluster.start({ readinessGates: [{ conditionType: 'example.com/ok' }], containers: [service()] });
  const gate = async (value: string) => {
    await cluster.client.patch(
      Pod,
      key,
      { type: 'strategic', patch: { status: { conditions: [{ type: 'example.com/ok', status: value }] } } },
      { subresource: 'status' },
    );
    await cluster.settle();
  };
  expect(await condition(cluster, 'ContainersReady')).toMatchObject({ status: 'True' });
  expect(await condition(cluster, 'Ready')).toMatchObject({
    status: 'False',
    reason: 'ReadinessGatesNotReady',
    message: 'corresponding condition of pod readiness gate "example.com/ok" does not exist.',
  });
  await gate('False');
  expect(await condition(cluster, 'Ready')).toMatchObject({
    message: 'the status of pod readiness gate "example.com/ok" is not "True", but False',
  });
  await gate('True');
  expect(await condition(cluster, 'Ready')).toMatchObject({ status: 'True' });
});

test('readiness determines the endpoints of a Service, and restarts nothing', async () => {
  const cluster = await podScenario();
  await cluster.client.create<Service>({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  });
  await cluster.start(
    {
      containers: [{ name: 'main', image: 'nginx', readinessProbe: fileProbe('/tmp/ready', { failureThreshold: 1 }) }],
    },
    { labels: { app: 'web' } },
  );
  const conditions = async () => {
    const { items } = await cluster.client.list(EndpointSlice, { labelSelector: 'kubernetes.io/service-name=web' });
    return items.flatMap(({ endpoints }) => endpoints ?? []).map((one) => one.conditions?.ready);
  };
  await cluster.advance('3s');
  expect(await conditions()).toEqual([false]);
  await touch(cluster, '/tmp/ready');
  await cluster.advance('3s');
  expect(await conditions()).toEqual([true]);
  const page = await cluster.exec('default/web', ['curl', '-s', 'http://web.default']);
  expect(page.stdout).toContain('Welcome to nginx!');
  await remove(cluster, '/tmp/ready');
  await cluster.advance('3s');
  expect(await conditions()).toEqual([false]);
  expect((await status(cluster))?.restartCount).toBe(0);
});

test('minReadySeconds: a Deployment’s Pod is available only after it has been ready that long', async () => {
  const cluster = await podScenario();
  await cluster.client.create<Deployment>({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      minReadySeconds: 20,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [service()] } },
    },
  });
  await cluster.advance('15s');
  const state = async () => (await cluster.client.get(Deployment, key)).status;
  expect(await state()).toMatchObject({ readyReplicas: 1 });
  expect((await state())?.availableReplicas ?? 0).toBe(0);
  await cluster.advance('10s');
  expect(await state()).toMatchObject({ readyReplicas: 1, availableReplicas: 1 });
});
