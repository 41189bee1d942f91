import { Event } from '@orrery/api';
import { expect, test } from 'vitest';
import { type PodScenario, podScenario, script, service } from '../pod-scenario.fixture.ts';

/** The status and the events of a Pod over its whole life. */

const conditions = async (cluster: PodScenario) =>
  (await cluster.pod()).status?.conditions?.map(
    ({ type, status, reason }) => `${type}=${status}${reason === undefined ? '' : ` ${reason}`}`,
  );

test('records the events of a Pod that starts and is deleted, in order', async () => {
  const cluster = await podScenario();
  await cluster.start({
    initContainers: [script('exit 0', { name: 'init', image: 'busybox:1' })],
    containers: [service({ image: 'busybox:1' })],
  });
  await cluster.remove();
  await cluster.advance('5s');
  expect(await cluster.events()).toEqual([
    'Normal Scheduled: Successfully assigned default/web to node1',
    'Normal Pulling: Pulling image "busybox:1"',
    'Normal Pulled: Successfully pulled image "busybox:1" in 0s (0s including waiting). Image size: 2156519 bytes.',
    'Normal Created: Created container: init',
    'Normal Started: Started container init',
    'Normal Pulled: Container image "busybox:1" already present on machine',
    'Normal Created: Created container: main',
    'Normal Started: Started container main',
    'Normal Killing: Stopping container main',
  ]);
});

test('a kubelet’s event names its node and the container', async () => {
  const cluster = await podScenario();
  const { metadata } = await cluster.start({ containers: [service()] });
  const { items } = await cluster.client.list(Event, { namespace: 'default' });
  expect(items.find(({ reason }) => reason === 'Started')).toMatchObject({
    source: { component: 'kubelet', host: 'node1' },
    involvedObject: { kind: 'Pod', name: 'web', uid: metadata.uid, fieldPath: 'spec.containers{main}' },
  });
});

test('updates the conditions from the first status write to the last', async () => {
  const cluster = await podScenario();
  await cluster.start({
    restartPolicy: 'Never',
    schedulingGates: [{ name: 'a/b' }],
    initContainers: [script('sleep 5', { name: 'init' })],
    containers: [script('sleep 5')],
  });
  expect(await conditions(cluster)).toEqual(['PodScheduled=False SchedulingGated']);
  const pod = await cluster.pod();
  await cluster.client.update({ ...pod, spec: { ...pod.spec, schedulingGates: [] } });
  await cluster.advance('2s');
  expect(await conditions(cluster)).toEqual([
    'PodReadyToStartContainers=True',
    'Initialized=False ContainersNotInitialized',
    'Ready=False ContainersNotReady',
    'ContainersReady=False ContainersNotReady',
    'PodScheduled=True',
  ]);
  await cluster.advance('5s');
  expect(await conditions(cluster)).toEqual([
    'PodReadyToStartContainers=True',
    'Initialized=True',
    'Ready=True',
    'ContainersReady=True',
    'PodScheduled=True',
  ]);
  await cluster.advance('5s');
  expect(await conditions(cluster)).toEqual([
    'PodReadyToStartContainers=False',
    'Initialized=True PodCompleted',
    'Ready=False PodCompleted',
    'ContainersReady=False PodCompleted',
    'PodScheduled=True',
  ]);
});

test('the status has the start time, addresses, QoS class, container IDs and images', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [service({ image: 'busybox:1.36' })] });
  const { status, metadata } = await cluster.pod();
  expect(status).toMatchObject({
    phase: 'Running',
    observedGeneration: metadata.generation,
    startTime: '2026-01-01T00:00:00Z',
    hostIP: '192.168.0.11',
    hostIPs: [{ ip: '192.168.0.11' }],
    qosClass: 'BestEffort',
    containerStatuses: [
      {
        name: 'main',
        ready: true,
        started: true,
        restartCount: 0,
        image: 'docker.io/library/busybox:1.36',
        imageID: expect.stringMatching(/^docker.io\/library\/busybox@sha256:[0-9a-f]{64}$/),
        containerID: expect.stringMatching(/^sim:\/\/[0-9a-f]{64}$/),
        state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
        lastState: {},
      },
    ],
  });
});

test.for([
  ['Never', 'Failed'],
  ['OnFailure', 'Pending'],
] as const)(
  'a failing init container with its own restartPolicy %s in a Pod that restarts: %s',
  async ([restartPolicy, phase]) => {
    const cluster = await podScenario();
    await cluster.start({
      initContainers: [script('exit 1', { name: 'init', restartPolicy })],
      containers: [service()],
    });
    await cluster.advance('5s');
    expect((await cluster.pod()).status?.phase).toBe(phase);
  },
);

test('a Pod whose containers must not restart fails even though its own policy is Always', async () => {
  const cluster = await podScenario();
  await cluster.start({ restartPolicy: 'Always', containers: [script('sleep 1; exit 1', { restartPolicy: 'Never' })] });
  await cluster.advance('5s');
  expect((await cluster.pod()).status?.phase).toBe('Failed');
});

test('a Pod whose policy is Never keeps running while a container restarts by its own policy', async () => {
  const cluster = await podScenario();
  await cluster.start({
    restartPolicy: 'Never',
    containers: [script('sleep 1; exit 1', { restartPolicy: 'OnFailure' })],
  });
  await cluster.advance('30s');
  expect((await cluster.pod()).status?.phase).toBe('Running');
  expect((await cluster.pod()).status?.containerStatuses?.[0]?.restartCount).toBeGreaterThan(1);
});
