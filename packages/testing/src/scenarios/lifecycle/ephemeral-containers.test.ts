import { Pod } from '@orrery/api';
import { expect, test } from 'vitest';
import { type PodScenario, podScenario, service } from '../pod-scenario.fixture.ts';

/** Ephemeral containers (Kubernetes "Ephemeral Containers"). */

const key = { namespace: 'default', name: 'web' };
const debug = (cluster: PodScenario, container: object, name = 'web') =>
  cluster.client.patch(
    Pod,
    { ...key, name },
    {
      type: 'strategic',
      patch: { spec: { ephemeralContainers: [{ name: 'debugger', image: 'busybox', ...container }] } },
    },
    { subresource: 'ephemeralcontainers' },
  );
const status = async (cluster: PodScenario) => (await cluster.pod()).status?.ephemeralContainerStatuses?.[0];
const web = { name: 'main', image: 'nginx' };

test('shares the Pod’s network and the volumes it mounts, and sees its target’s files through /proc', async () => {
  const cluster = await podScenario();
  await cluster.start({
    containers: [{ ...web, volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
    volumes: [{ name: 'data', emptyDir: {} }],
  });
  await cluster.exec('default/web', ['sh', '-c', 'echo shared > /data/file']);
  const command =
    'wget -q -O - http://localhost | grep title; cat /data/file; cat /proc/1/root/etc/nginx/nginx.conf | head -1';
  await debug(cluster, {
    targetContainerName: 'main',
    command: ['sh', '-c', command],
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  });
  await cluster.advance('2s');
  expect(await cluster.logs('default/web', { container: 'debugger' })).toBe(
    '<head><title>Welcome to nginx!</title></head>\nshared\nuser  nginx;\n',
  );
});

test('without a target, sees only its own processes', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [web] });
  await debug(cluster, { command: ['ps', 'ax'] });
  await cluster.advance('2s');
  expect(await cluster.logs('default/web', { container: 'debugger' })).not.toContain('nginx');
});

test.for(['Always', 'OnFailure', 'Never'] as const)('is not restarted under %s', async (restartPolicy) => {
  const cluster = await podScenario();
  await cluster.start({ restartPolicy, containers: [web] });
  await debug(cluster, { command: ['sh', '-c', 'exit 1'] });
  await cluster.advance('1m');
  expect(await status(cluster)).toMatchObject({
    restartCount: 0,
    state: { terminated: { exitCode: 1, reason: 'Error' } },
  });
});

test('affects neither the Pod’s readiness nor its phase', async () => {
  const cluster = await podScenario();
  await cluster.start({ restartPolicy: 'Never', containers: [{ ...web, command: ['sleep', '10'] }] });
  await debug(cluster, { command: ['sleep', '1000'] });
  await cluster.advance('2s');
  expect(await cluster.row()).toEqual({ ready: '1/1', status: 'Running', restarts: '0' });
  await cluster.advance('50s');
  expect((await cluster.pod()).status?.phase).toBe('Succeeded');
  expect(await cluster.row()).toMatchObject({ status: 'Completed' });
  expect((await status(cluster))?.state?.terminated).toBeDefined();
});

test('can be added to a Pod that cannot start', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [{ name: 'main', image: 'busybox', command: ['false'] }] });
  await cluster.advance('30s');
  await debug(cluster, { command: ['sh', '-c', 'echo here; sleep 100'] });
  await cluster.advance('2s');
  expect(await cluster.row()).toMatchObject({ status: 'CrashLoopBackOff' });
  expect(await cluster.logs('default/web', { container: 'debugger' })).toBe('here\n');
});

test('a missing image is reported and retried', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [web] });
  await debug(cluster, { image: 'nowhere/nothing:1' });
  await cluster.advance('5s');
  expect((await status(cluster))?.state?.waiting?.reason).toBe('ImagePullBackOff');
  expect(await cluster.row()).toMatchObject({ ready: '1/1', status: 'Running' });
});

test('ends with its Pod, within the Pod’s grace period', async () => {
  const cluster = await podScenario();
  await cluster.start({ terminationGracePeriodSeconds: 5, containers: [service()] });
  await debug(cluster, { command: ['sh', '-c', 'trap "" TERM; while true; do sleep 1; done'] });
  await cluster.advance('2s');
  await cluster.remove();
  await cluster.advance('4s');
  expect(await cluster.row()).toMatchObject({ status: 'Terminating' });
  await cluster.advance('4s');
  expect(await cluster.row()).toBeUndefined();
});

test('is named in its events', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [web] });
  await debug(cluster, { image: 'busybox:1', command: ['true'] });
  await cluster.advance('2s');
  expect(await cluster.events()).toEqual(
    expect.arrayContaining([
      'Normal Pulling: Pulling image "busybox:1"',
      'Normal Created: Created container: debugger',
      'Normal Started: Started container debugger',
    ]),
  );
});

test.for<readonly [string, object, string]>([
  [
    'ports',
    { ports: [{ containerPort: 80 }] },
    'spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container',
  ],
  [
    'a probe',
    { livenessProbe: { tcpSocket: { port: 80 } } },
    'spec.ephemeralContainers[0].livenessProbe: Forbidden: cannot be set for an Ephemeral Container',
  ],
  [
    'hooks',
    { lifecycle: { preStop: { exec: { command: ['true'] } } } },
    'spec.ephemeralContainers[0].lifecycle: Forbidden: cannot be set for an Ephemeral Container',
  ],
  [
    'resources',
    { resources: { limits: { cpu: '1' } } },
    'spec.ephemeralContainers[0].resources: Forbidden: cannot be set for an Ephemeral Container',
  ],
  [
    'a restart policy',
    { restartPolicy: 'Always' },
    'spec.ephemeralContainers[0].restartPolicy: Forbidden: cannot be set for an Ephemeral Container',
  ],
  [
    'a target that does not exist',
    { targetContainerName: 'none' },
    'spec.ephemeralContainers[0].targetContainerName: Not found: "none"',
  ],
  ['a name that is already in use', { name: 'main' }, 'spec.ephemeralContainers[0].name: Duplicate value: "main"'],
])('is rejected with %s', async ([, container, message]) => {
  const cluster = await podScenario();
  await cluster.start({ containers: [web] });
  await expect(debug(cluster, container)).rejects.toThrow(message);
});

test('can be neither changed nor removed', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [web] });
  await debug(cluster, { command: ['sleep', '100'] });
  await expect(debug(cluster, { command: ['sleep', '5'] })).rejects.toThrow(
    'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debugger" may not be changed',
  );
  await expect(
    cluster.client.patch(
      Pod,
      key,
      { type: 'json', operations: [{ op: 'remove', path: '/spec/ephemeralContainers/0' }] },
      { subresource: 'ephemeralcontainers' },
    ),
  ).rejects.toThrow('spec.ephemeralContainers: Forbidden: existing ephemeral containers "debugger" may not be removed');
});

test('cannot be part of a Pod that is created', async () => {
  const cluster = await podScenario();
  await expect(
    cluster.start({ containers: [web], ephemeralContainers: [{ name: 'debugger', image: 'busybox' }] }),
  ).rejects.toThrow('spec.ephemeralContainers: Forbidden: cannot be set on create');
});
