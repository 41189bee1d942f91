import { Pod } from '@orrery/api';
import { expect, test } from 'vitest';
import { type PodScenario, podScenario, script, service } from '../pod-scenario.fixture.ts';

/** Init containers, sidecars and ephemeral containers. */

const mounted = { volumeMounts: [{ name: 'log', mountPath: '/log' }] };
const volumes = [{ name: 'log', emptyDir: {} }];
/** A container that logs its start and, on SIGTERM, its end `seconds` later. */
const noted = (name: string, seconds = 0, more: object = {}) =>
  script(
    `echo ${name} started >> /log/file; trap "sleep ${seconds}; echo ${name} stopped >> /log/file; exit" TERM; while true; do sleep 1; done`,
    { name, ...mounted, ...more },
  );
const note = (name: string, text = '') => script(`${text} echo ${name} >> /log/file`, { name, ...mounted });
const sidecar = (name: string, seconds = 0, more: object = {}) =>
  noted(name, seconds, { restartPolicy: 'Always', ...more });

/** The log in the Pod's volume, read on the node. */
async function notes(cluster: PodScenario, uid = ''): Promise<readonly string[]> {
  const files = cluster.nodes.runtime('node1')?.files;
  const path = `/var/lib/kubelet/pods/${uid}/volumes/kubernetes.io~empty-dir/log/file`;
  return new TextDecoder().decode(files?.readFile(path)).trimEnd().split('\n');
}

test('init containers run one at a time in the order of the spec, before the containers', async () => {
  const cluster = await podScenario();
  await cluster.start({
    initContainers: [note('one', 'sleep 3;'), note('two', 'sleep 1;'), note('three')],
    containers: [note('main')],
    restartPolicy: 'Never',
    volumes,
  });
  await cluster.advance('10s');
  const { status } = await cluster.pod();
  expect(
    status?.initContainerStatuses?.map(({ name, ready, state }) => [name, ready, state?.terminated?.reason]),
  ).toEqual([
    ['one', true, 'Completed'],
    ['two', true, 'Completed'],
    ['three', true, 'Completed'],
  ]);
  expect(status?.phase).toBe('Succeeded');
});

test('a failed init container is retried, and the ones before it are not', async () => {
  const cluster = await podScenario();
  const { metadata } = await cluster.start({
    initContainers: [note('one'), note('two', 'if [ ! -e /log/again ]; then touch /log/again; exit 1; fi;')],
    containers: [noted('main')],
    volumes,
  });
  await cluster.advance('5s');
  expect(await notes(cluster, metadata.uid)).toEqual(['one', 'two', 'main started']);
  expect((await cluster.pod()).status?.initContainerStatuses?.map(({ restartCount }) => restartCount)).toEqual([0, 1]);
});

test('Initialized names the init containers that are not done', async () => {
  const cluster = await podScenario();
  await cluster.start({
    initContainers: [script('sleep 5', { name: 'one' }), script('sleep 5', { name: 'two' })],
    containers: [service()],
  });
  const condition = async () => (await cluster.pod()).status?.conditions?.find(({ type }) => type === 'Initialized');
  await cluster.advance('1s');
  expect(await condition()).toMatchObject({
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: 'containers with incomplete status: [one two]',
  });
  await cluster.advance('5s');
  expect(await condition()).toMatchObject({ message: 'containers with incomplete status: [two]' });
  await cluster.advance('5s');
  expect(await condition()).toMatchObject({ status: 'True' });
  expect(await condition()).not.toHaveProperty('reason');
});

test('sidecars start in order, and the next container waits until one has started', async () => {
  const cluster = await podScenario();
  const { metadata } = await cluster.start({
    initContainers: [
      sidecar('proxy', 0, {
        startupProbe: { exec: { command: ['test', '-e', '/log/go'] }, periodSeconds: 1, failureThreshold: 30 },
      }),
      note('init'),
      sidecar('logger'),
    ],
    containers: [noted('main')],
    volumes,
  });
  await cluster.advance('5s');
  expect(await notes(cluster, metadata.uid)).toEqual(['proxy started']);
  expect(await cluster.row()).toMatchObject({ ready: '0/3', status: 'Init:0/3' });
  await cluster.exec('default/web', ['touch', '/log/go'], { container: 'proxy' });
  await cluster.advance('3s');
  expect(await notes(cluster, metadata.uid)).toEqual(['proxy started', 'init', 'logger started', 'main started']);
  expect(await cluster.row()).toMatchObject({ ready: '3/3', status: 'Running' });
});

test('startup does not wait for a sidecar’s readiness, but the Pod’s readiness depends on it', async () => {
  const cluster = await podScenario();
  await cluster.start({
    initContainers: [
      sidecar('proxy', 0, { readinessProbe: { exec: { command: ['test', '-e', '/log/ready'] }, periodSeconds: 1 } }),
    ],
    containers: [noted('main')],
    volumes,
  });
  await cluster.advance('5s');
  expect(await cluster.row()).toMatchObject({ ready: '1/2', status: 'Running' });
  const ready = async () => (await cluster.pod()).status?.conditions?.find(({ type }) => type === 'Ready');
  expect(await ready()).toMatchObject({
    status: 'False',
    reason: 'ContainersNotReady',
    message: 'containers with unready status: [proxy]',
  });
  await cluster.exec('default/web', ['touch', '/log/ready'], { container: 'proxy' });
  await cluster.advance('3s');
  expect(await ready()).toMatchObject({ status: 'True' });
});

test.for(['Always', 'OnFailure', 'Never'] as const)(
  'a sidecar that ends is restarted under %s',
  async (restartPolicy) => {
    const cluster = await podScenario();
    await cluster.start({
      restartPolicy,
      initContainers: [script('sleep 5', { name: 'proxy', restartPolicy: 'Always' })],
      containers: [service()],
    });
    await cluster.advance('12s');
    expect((await cluster.pod()).status?.initContainerStatuses?.[0]?.restartCount).toBe(1);
  },
);

test('sidecars do not keep a Pod alive: they are stopped when its containers have ended, and do not affect the phase', async () => {
  const cluster = await podScenario();
  await cluster.start({
    restartPolicy: 'Never',
    initContainers: [
      script('trap "exit 9" TERM; while true; do sleep 1; done', { name: 'proxy', restartPolicy: 'Always' }),
    ],
    containers: [script('sleep 5')],
  });
  await cluster.advance('30s');
  const { status } = await cluster.pod();
  expect(status?.phase).toBe('Succeeded');
  expect(status?.initContainerStatuses?.[0]?.state?.terminated?.exitCode).toBe(9);
  expect(await cluster.row()).toMatchObject({ status: 'Completed' });
});

test('on termination containers stop first, then sidecars in reverse order', async () => {
  const cluster = await podScenario();
  const finalizers = ['example.com/look'];
  const { metadata } = await cluster.start(
    {
      initContainers: [sidecar('first', 1), note('init'), sidecar('second', 1)],
      containers: [noted('a', 3), noted('b', 1)],
      volumes,
    },
    { finalizers },
  );
  await cluster.remove();
  await cluster.advance('6s');
  const before = await notes(cluster, metadata.uid);
  expect(before).toEqual([
    'first started',
    'init',
    'second started',
    'a started',
    'b started',
    'b stopped',
    'a stopped',
    'second stopped',
  ]);
  await cluster.advance('10s');
  const ends = (await cluster.pod()).status;
  expect(ends?.phase).toBe('Succeeded');
  const at = (name: string) =>
    [...(ends?.containerStatuses ?? []), ...(ends?.initContainerStatuses ?? [])].find((one) => one.name === name)?.state
      ?.terminated?.finishedAt ?? '';
  expect(at('second') < at('first')).toBe(true);
});

test('a slow container uses up its sidecars’ time: all end within the grace period', async () => {
  const cluster = await podScenario();
  await cluster.start({
    terminationGracePeriodSeconds: 5,
    initContainers: [sidecar('proxy', 60)],
    containers: [noted('main', 60)],
    volumes,
  });
  await cluster.remove();
  await cluster.advance('9s');
  expect(await cluster.row()).toBeUndefined();
});

test('a failed liveness probe restarts only its sidecar', async () => {
  const cluster = await podScenario();
  await cluster.start({
    initContainers: [
      note('init'),
      sidecar('proxy', 0, {
        livenessProbe: { exec: { command: ['test', '!', '-e', '/tmp/bad'] }, periodSeconds: 1, failureThreshold: 1 },
      }),
    ],
    containers: [noted('main')],
    volumes,
  });
  await cluster.exec('default/web', ['touch', '/tmp/bad'], { container: 'proxy' });
  await cluster.advance('5s');
  const { status } = await cluster.pod();
  expect(status?.initContainerStatuses?.map(({ restartCount }) => restartCount)).toEqual([0, 1]);
  expect(status?.containerStatuses?.[0]?.restartCount).toBe(0);
  expect(await cluster.events()).toContain('Normal Killing: Init container proxy failed liveness probe');
});

test('an ephemeral container joins a running Pod, sees its target’s processes and is never restarted', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [{ name: 'main', image: 'nginx' }] });
  const pod = await cluster.pod();
  await cluster.client.patch(
    Pod,
    { namespace: 'default', name: 'web' },
    {
      type: 'strategic',
      patch: {
        spec: {
          ephemeralContainers: [
            {
              name: 'debugger',
              image: 'busybox',
              command: ['sh', '-c', 'ps ax; sleep 5; exit 3'],
              targetContainerName: 'main',
            },
          ],
        },
      },
    },
    { subresource: 'ephemeralcontainers' },
  );
  await cluster.advance('1s');
  expect((await cluster.pod()).status?.ephemeralContainerStatuses).toMatchObject([
    { name: 'debugger', state: { running: {} } },
  ]);
  expect(await cluster.logs('default/web', { container: 'debugger' })).toContain('nginx: master process');
  await cluster.advance('1m');
  const { status } = await cluster.pod();
  expect(status?.ephemeralContainerStatuses).toMatchObject([
    { name: 'debugger', restartCount: 0, state: { terminated: { exitCode: 3, reason: 'Error' } } },
  ]);
  expect(status?.containerStatuses?.[0]?.containerID).toBe(pod.status?.containerStatuses?.[0]?.containerID);
  expect(await cluster.row()).toMatchObject({ ready: '1/1', status: 'Running' });
});
