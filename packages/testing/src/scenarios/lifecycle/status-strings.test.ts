import { expect, test } from 'vitest';
import { podScenario, script, service } from '../pod-scenario.fixture.ts';

/** Every STATUS that `kubectl get pods` shows, each with a Pod that reaches it. */

const main = service();

test('Pending, ContainerCreating, Running: a Pod that starts', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [main] });
  expect(cluster.shown()).toEqual(['Pending', 'ContainerCreating', 'Running']);
  expect(await cluster.row()).toEqual({ ready: '1/1', status: 'Running', restarts: '0' });
});

test('Pending: no node has room for the Pod', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [{ ...main, resources: { requests: { cpu: '40' } } }] });
  expect(cluster.shown()).toEqual(['Pending']);
  expect(await cluster.events()).toEqual([
    'Warning FailedScheduling: 0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
  ]);
});

test('SchedulingGated: until the last gate is removed', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [main], schedulingGates: [{ name: 'example.com/wait' }] });
  expect(await cluster.row()).toEqual({ ready: '0/1', status: 'SchedulingGated', restarts: '0' });
  await cluster.client.update({
    ...(await cluster.pod()),
    spec: { ...(await cluster.pod()).spec, schedulingGates: [] },
  });
  await cluster.settle();
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
});

test('Init:0/2, Init:1/2, PodInitializing, Running: init containers run one after the other', async () => {
  const cluster = await podScenario();
  await cluster.start({
    initContainers: [script('sleep 5', { name: 'one' }), script('sleep 5', { name: 'two' })],
    containers: [main],
  });
  await cluster.advance('20s');
  expect(cluster.shown()).toEqual(['Pending', 'Init:0/2', 'Init:1/2', 'PodInitializing', 'Running']);
});

test('Init:Error, Init:CrashLoopBackOff: a failing init container is retried with back-off', async () => {
  const cluster = await podScenario();
  await cluster.start({ initContainers: [script('sleep 1; exit 3', { name: 'one' })], containers: [main] });
  await cluster.advance('30s');
  expect(cluster.shown()).toEqual([
    'Pending',
    'Init:0/1',
    'Init:Error',
    'Init:0/1',
    'Init:Error',
    'Init:CrashLoopBackOff',
    'Init:0/1',
    'Init:Error',
    'Init:CrashLoopBackOff',
  ]);
  expect(await cluster.row()).toMatchObject({ ready: '0/1', restarts: expect.stringMatching(/^2 \(\d+s ago\)$/) });
});

test('Init:Error: an init container that fails under the policy Never fails the Pod', async () => {
  const cluster = await podScenario();
  await cluster.start({
    restartPolicy: 'Never',
    initContainers: [script('exit 3', { name: 'one' })],
    containers: [main],
  });
  expect(await cluster.row()).toEqual({ ready: '0/1', status: 'Init:Error', restarts: '0' });
  expect((await cluster.pod()).status?.phase).toBe('Failed');
});

test('Init:OOMKilled: an init container that exceeds its memory limit', async () => {
  const cluster = await podScenario();
  await cluster.start({
    restartPolicy: 'Never',
    initContainers: [
      {
        name: 'one',
        image: 'polinux/stress',
        command: ['stress', '--vm', '1', '--vm-bytes', '64M'],
        resources: { limits: { memory: '16Mi' } },
      },
    ],
    containers: [main],
  });
  await cluster.advance('5s');
  expect(await cluster.row()).toMatchObject({ status: 'Init:OOMKilled' });
});

test('Init:ImagePullBackOff: an init container whose image does not exist', async () => {
  const cluster = await podScenario();
  await cluster.start({ initContainers: [{ name: 'one', image: 'nowhere/nothing' }], containers: [main] });
  await cluster.advance('5s');
  expect(cluster.shown()).toEqual(['Pending', 'Init:0/1', 'Init:ErrImagePull', 'Init:ImagePullBackOff']);
});

test('Completed: all containers succeeded under OnFailure', async () => {
  const cluster = await podScenario();
  await cluster.start({ restartPolicy: 'OnFailure', containers: [script('sleep 3')] });
  await cluster.advance('10s');
  expect(cluster.shown()).toEqual(['Pending', 'ContainerCreating', 'Running', 'Completed']);
  expect(await cluster.row()).toEqual({ ready: '0/1', status: 'Completed', restarts: '0' });
  expect((await cluster.pod()).status?.phase).toBe('Succeeded');
});

test('Error: a container failed under Never', async () => {
  const cluster = await podScenario();
  await cluster.start({ restartPolicy: 'Never', containers: [script('sleep 3; exit 1')] });
  await cluster.advance('10s');
  expect(cluster.shown()).toEqual(['Pending', 'ContainerCreating', 'Running', 'Error']);
  expect((await cluster.pod()).status).toMatchObject({
    phase: 'Failed',
    containerStatuses: [{ state: { terminated: { exitCode: 1, reason: 'Error' } } }],
  });
});

test('Error, CrashLoopBackOff, Running: a container that keeps failing', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [script('sleep 2; exit 1')] });
  await cluster.advance('20s');
  expect(cluster.shown()).toEqual([
    'Pending',
    'ContainerCreating',
    'Running',
    'Error',
    'Running',
    'Error',
    'CrashLoopBackOff',
    'Running',
    'Error',
    'CrashLoopBackOff',
  ]);
  expect(await cluster.row()).toEqual({ ready: '0/1', status: 'CrashLoopBackOff', restarts: '2 (4s ago)' });
});

test('Completed, CrashLoopBackOff: under Always even a container that succeeds is restarted with back-off', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [script('exit 0')] });
  await cluster.advance('5s');
  expect(cluster.shown().at(-1)).toBe('CrashLoopBackOff');
  expect(cluster.shown()).toContain('Completed');
});

test('OOMKilled: a process that exceeds the memory limit', async () => {
  const cluster = await podScenario();
  await cluster.start({
    restartPolicy: 'Never',
    containers: [
      {
        name: 'main',
        image: 'polinux/stress',
        command: ['stress', '--vm', '1', '--vm-bytes', '250M', '--vm-hang', '1'],
        resources: { limits: { memory: '100Mi' } },
      },
    ],
  });
  await cluster.advance('5s');
  expect(await cluster.row()).toMatchObject({ status: 'OOMKilled' });
  expect((await cluster.pod()).status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({
    exitCode: 137,
    reason: 'OOMKilled',
  });
});

test('ErrImagePull, ImagePullBackOff: an image that does not exist', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [{ name: 'main', image: 'nowhere/nothing:1' }] });
  await cluster.advance('15s');
  expect(cluster.shown().slice(0, 4)).toEqual(['Pending', 'ContainerCreating', 'ErrImagePull', 'ImagePullBackOff']);
});

test('ErrImageNeverPull: the image is not present and must not be pulled', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [{ ...main, imagePullPolicy: 'Never' }] });
  expect(await cluster.row()).toMatchObject({ status: 'ErrImageNeverPull' });
});

test('InvalidImageName: a reference that cannot be parsed', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [{ ...main, image: 'Not An Image' }] });
  expect(await cluster.row()).toMatchObject({ status: 'InvalidImageName' });
});

test('CreateContainerConfigError: a variable from a ConfigMap that does not exist', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [{ ...main, envFrom: [{ configMapRef: { name: 'settings' } }] }] });
  expect(await cluster.row()).toMatchObject({ status: 'CreateContainerConfigError' });
  expect((await cluster.pod()).status?.containerStatuses?.[0]?.state).toEqual({
    waiting: { reason: 'CreateContainerConfigError', message: 'configmap "settings" not found' },
  });
});

test('RunContainerError, CrashLoopBackOff: a command that the image does not have', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [{ name: 'main', image: 'busybox', command: ['no-such-program'] }] });
  await cluster.advance('15s');
  expect(cluster.shown()).toEqual([
    'Pending',
    'ContainerCreating',
    'RunContainerError',
    'CrashLoopBackOff',
    'RunContainerError',
    'CrashLoopBackOff',
  ]);
});

test('StartError: such a command fails the Pod under Never', async () => {
  const cluster = await podScenario();
  await cluster.start({
    restartPolicy: 'Never',
    containers: [{ name: 'main', image: 'busybox', command: ['no-such-program'] }],
  });
  await cluster.advance('15s');
  expect(await cluster.row()).toMatchObject({ status: 'StartError' });
  expect((await cluster.pod()).status).toMatchObject({
    phase: 'Failed',
    containerStatuses: [{ state: { terminated: { exitCode: 128, reason: 'StartError' } } }],
  });
});

test('Terminating: from the deletion until all containers have ended', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [script('trap "sleep 4; exit" TERM; while true; do sleep 1; done')] });
  await cluster.remove();
  await cluster.advance('2s');
  expect(await cluster.row()).toEqual({ ready: '1/1', status: 'Terminating', restarts: '0' });
  await cluster.advance('5s');
  expect(await cluster.row()).toBeUndefined();
});

test('NotReady: one container has completed, the other one is running', async () => {
  const cluster = await podScenario();
  await cluster.start({ restartPolicy: 'Never', containers: [script('exit 0'), { ...main, name: 'other' }] });
  expect(await cluster.row()).toEqual({ ready: '1/2', status: 'NotReady', restarts: '0' });
});

test('DeadlineExceeded: the Pod ran longer than its deadline', async () => {
  const cluster = await podScenario();
  await cluster.start({ activeDeadlineSeconds: 20, containers: [main] });
  await cluster.advance('25s');
  const { status } = await cluster.pod();
  expect(status).toMatchObject({
    phase: 'Failed',
    reason: 'DeadlineExceeded',
    message: 'Pod was active on the node longer than the specified deadline',
  });
  expect(cluster.shown()).toContain('Running');
});

test('Evicted: an emptyDir that exceeded its limit', async () => {
  const cluster = await podScenario();
  await cluster.start({
    containers: [
      script('dd if=/dev/zero of=/cache/file bs=1M count=2; sleep 1d', {
        volumeMounts: [{ name: 'cache', mountPath: '/cache' }],
      }),
    ],
    volumes: [{ name: 'cache', emptyDir: { sizeLimit: '1Mi' } }],
  });
  await cluster.advance('2m');
  expect((await cluster.pod()).status).toMatchObject({ phase: 'Failed', reason: 'Evicted' });
  expect(await cluster.events()).toContain(
    'Warning Evicted: Usage of EmptyDir volume "cache" exceeds the limit "1Mi". ',
  );
});

test('OutOfcpu: the node rejects a Pod that was bound to it without the scheduler', async () => {
  const cluster = await podScenario();
  await cluster.start({ nodeName: 'node1', containers: [{ ...main, resources: { requests: { cpu: '40' } } }] });
  expect(await cluster.row()).toEqual({ ready: '0/1', status: 'OutOfcpu', restarts: '0' });
  expect((await cluster.pod()).status).toMatchObject({
    phase: 'Failed',
    message: expect.stringMatching(/^Pod was rejected: /),
  });
});

test('Terminating stays while the node is gone; Unknown when the status reason is NodeLost', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [main] });
  await cluster.nodes.stop('node1');
  await cluster.remove();
  await cluster.advance('1h');
  expect(await cluster.row()).toMatchObject({ status: 'Terminating' });
  const pod = await cluster.pod();
  await cluster.client.updateStatus({ ...pod, status: { ...pod.status, reason: 'NodeLost' } });
  expect(await cluster.row()).toMatchObject({ status: 'Unknown' });
});

test('Signal:9 and ExitCode:7 are shown when a termination has no reason', async () => {
  const cluster = await podScenario();
  await cluster.start({ schedulingGates: [{ name: 'a/b' }], containers: [main] });
  const pod = await cluster.pod();
  for (const [terminated, status] of [
    [{ exitCode: 137, signal: 9 }, 'Signal:9'],
    [{ exitCode: 7 }, 'ExitCode:7'],
  ] as const) {
    await cluster.client.updateStatus({
      ...pod,
      metadata: { name: 'web', namespace: 'default' },
      status: {
        phase: 'Failed',
        containerStatuses: [
          { name: 'main', image: '', imageID: '', ready: false, restartCount: 0, state: { terminated } },
        ],
      },
    });
    expect(await cluster.row()).toMatchObject({ status });
  }
});
