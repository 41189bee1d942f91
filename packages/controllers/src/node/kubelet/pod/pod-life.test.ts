import { Pod, type PodSpec } from '@orrery/api';
import { expect, test } from 'vitest';
import { phase, startNode, state } from '../../node.fixture.ts';

const web = { name: 'web', image: 'web:1' };

test('a Pod starts: sandbox, image, container; it becomes Running and Ready', async () => {
  const node = await startNode();
  await node.create({ containers: [web] });
  const { status } = await node.pod();
  expect(status?.phase).toBe('Running');
  expect(status?.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
    'PodReadyToStartContainers=True',
    'Initialized=True',
    'Ready=True',
    'ContainersReady=True',
    'PodScheduled=True',
  ]);
  expect(status?.containerStatuses?.[0]).toMatchObject({ name: 'web', ready: true, started: true, restartCount: 0 });
  expect(status).toMatchObject({
    hostIP: '192.168.0.1',
    podIPs: [{ ip: status?.podIP }],
    startTime: '2026-01-01T00:00:00Z',
  });
  expect(node.events).toEqual([
    'Normal Pulling spec.containers{web} Pulling image "web:1"',
    'Normal Pulled spec.containers{web} Successfully pulled image "web:1" in 0s (0s including waiting). Image size: 1000 bytes.',
    'Normal Created spec.containers{web} Created container: web',
    'Normal Started spec.containers{web} Started container web',
  ]);
});

test('a container that fails is restarted at once, then after 10, 20, 40, 80, 160, 300 s', async () => {
  const node = await startNode();
  node.runtime.programs.set('web:1', { exits: { after: 1000, code: 1 } });
  await node.create({ containers: [web] });
  await node.advance('1s');
  expect(node.runtime.running()).toEqual(['web']);
  await node.advance('1s');
  expect(await state(node)).toEqual({
    waiting: {
      reason: 'CrashLoopBackOff',
      message: expect.stringMatching(/^back-off 10s restarting failed container=web pod=p_default\([0-9a-f-]+\)$/),
    },
  });
  expect(await phase(node)).toBe('Running');
  const starts: number[] = [];
  for (let second = 2; second < 900; second++) {
    const before = node.runtime.calls.length;
    await node.advance('1s');
    if (node.runtime.calls.slice(before).includes('start web')) starts.push(second + 1);
  }
  // Each delay is counted from when the container ended, a second after its start.
  expect(starts).toEqual([12, 33, 74, 155, 316, 617]);
  const { status } = await node.pod();
  expect(status?.containerStatuses?.[0]).toMatchObject({
    restartCount: 7,
    lastState: { terminated: { exitCode: 1, reason: 'Error' } },
  });
});

test('a run of over ten minutes resets the back-off', async () => {
  const node = await startNode();
  const short = { after: 1000, code: 1 };
  node.runtime.programs.set('web:1', { exits: [short, short, { after: 700_000, code: 1 }, short, short] });
  await node.create({ containers: [web] });
  await node.advance('13s');
  expect(node.runtime.running()).toEqual(['web']);
  await node.advance('699500ms');
  // Ended after 700 s: at once again, with a back-off that begins anew.
  expect(node.runtime.running()).toEqual(['web']);
  await node.advance('1s');
  expect(JSON.stringify(await state(node))).toContain('back-off 10s');
});

test.each([
  ['Always', 0, 'Running', 2],
  ['Always', 1, 'Running', 2],
  ['OnFailure', 0, 'Succeeded', 1],
  ['OnFailure', 1, 'Running', 2],
  ['Never', 0, 'Succeeded', 1],
  ['Never', 1, 'Failed', 1],
] as const)('restartPolicy %s and exit %d: phase %s after %d starts', async (restartPolicy, code, expected, starts) => {
  const node = await startNode();
  node.runtime.programs.set('web:1', { exits: { after: 1000, code } });
  await node.create({ containers: [web], restartPolicy });
  await node.advance('5s');
  expect(await phase(node)).toBe(expected);
  expect(node.runtime.calls.filter((call) => call === 'start web')).toHaveLength(starts);
});

test('a Succeeded Pod: containers not ready with PodCompleted, Initialized True with PodCompleted, its log can be read', async () => {
  const node = await startNode();
  node.runtime.programs.set('web:1', { exits: { after: 1000, code: 0 } });
  const pod = await node.create({ containers: [web], restartPolicy: 'Never' });
  await node.advance('5s');
  const { status } = await node.pod();
  expect(status?.conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason ?? ''}`)).toEqual([
    'PodReadyToStartContainers=False ',
    'Initialized=True PodCompleted',
    'Ready=False PodCompleted',
    'ContainersReady=False PodCompleted',
    'PodScheduled=True ',
  ]);
  const target = { namespace: 'default', pod: 'p', uid: pod.metadata.uid, container: 'web' };
  await expect(node.kubelet().nodeApi.logs(target, {})).resolves.toBeDefined();
});

test('init containers run in order, one at a time, each after the one before has succeeded', async () => {
  const node = await startNode();
  node.runtime.programs.set('one:1', { exits: { after: 1000, code: 0 } });
  node.runtime.programs.set('two:1', { exits: { after: 1000, code: 0 } });
  await node.create({
    initContainers: [
      { name: 'one', image: 'one:1' },
      { name: 'two', image: 'two:1' },
    ],
    containers: [web],
  });
  expect(node.runtime.running()).toEqual(['one']);
  expect(await state(node)).toEqual({ waiting: { reason: 'PodInitializing' } });
  expect((await node.pod()).status?.conditions?.find(({ type }) => type === 'Initialized')).toMatchObject({
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: 'containers with incomplete status: [one two]',
  });
  await node.advance('1s');
  expect(node.runtime.running()).toEqual(['two']);
  await node.advance('1s');
  expect(node.runtime.running()).toEqual(['web']);
  expect(await phase(node)).toBe('Running');
});

test('an init container that fails is tried again, and with restartPolicy Never fails the Pod', async () => {
  const spec: Partial<PodSpec> = { initContainers: [{ name: 'one', image: 'one:1' }], containers: [web] };
  const program = { exits: { after: 1000, code: 1 } };
  const again = await startNode();
  again.runtime.programs.set('one:1', program);
  await again.create(spec);
  await again.advance('3s');
  expect(await phase(again)).toBe('Pending');
  expect(await state(again, 'one')).toMatchObject({ waiting: { reason: 'CrashLoopBackOff' } });

  const never = await startNode();
  never.runtime.programs.set('one:1', program);
  await never.create({ ...spec, restartPolicy: 'Never' });
  await never.advance('3s');
  expect(await phase(never)).toBe('Failed');
  expect(never.runtime.running()).toEqual([]);
});

test('a sidecar starts before the containers, outlives none of them, and does not decide the phase', async () => {
  const node = await startNode();
  node.runtime.programs.set('web:1', { exits: { after: 5000, code: 0 } });
  await node.create({
    initContainers: [{ name: 'side', image: 'side:1', restartPolicy: 'Always' }],
    containers: [web],
    restartPolicy: 'Never',
  });
  expect(node.runtime.running()).toEqual(['side', 'web']);
  await node.advance('5s');
  expect(node.runtime.running()).toEqual([]);
  expect(await phase(node)).toBe('Succeeded');
  expect(await state(node, 'side')).toMatchObject({ terminated: { exitCode: 143 } });
});

test('a terminal phase is held back while a sidecar still runs', async () => {
  const node = await startNode();
  node.runtime.programs.set('web:1', { exits: { after: 5000, code: 0 } });
  node.runtime.programs.set('side:1', { stopsAfter: 10_000 });
  await node.create({
    initContainers: [{ name: 'side', image: 'side:1', restartPolicy: 'Always' }],
    containers: [web],
    restartPolicy: 'Never',
  });
  await node.advance('6s');
  expect(await phase(node)).toBe('Running');
  await node.advance('10s');
  expect(await phase(node)).toBe('Succeeded');
});

test('sidecars stop after the containers, from the last to the first', async () => {
  const node = await startNode();
  for (const image of ['web:1', 'a:1', 'b:1']) node.runtime.programs.set(image, { stopsAfter: 3000 });
  await node.create({
    initContainers: [
      { name: 'a', image: 'a:1', restartPolicy: 'Always' },
      { name: 'b', image: 'b:1', restartPolicy: 'Always' },
    ],
    containers: [web],
  });
  await node.delete();
  await node.advance('20s');
  expect(node.runtime.calls.filter((call) => /^(stop|end)/.test(call))).toEqual([
    'stop web 30000',
    'end web 143',
    'stop b 27000',
    'end b 143',
    'stop a 24000',
    'end a 143',
  ]);
  expect(await node.find()).toBeUndefined();
});

test('deletion: SIGTERM, then SIGKILL after the grace period; then the object goes', async () => {
  const node = await startNode();
  node.runtime.programs.set('web:1', { stopsAfter: Number.POSITIVE_INFINITY });
  await node.create({ containers: [web] });
  await node.delete();
  expect((await node.pod()).metadata.deletionTimestamp).toBeDefined();
  await node.advance('29s');
  expect(node.runtime.running()).toEqual(['web']);
  await node.advance('1s');
  expect(node.runtime.calls).toContain('end web 137');
  expect(await node.find()).toBeUndefined();
  expect(node.events.at(-1)).toBe('Normal Killing spec.containers{web} Stopping container web');
  expect(node.api.calls).toContain('delete Pod/default/p 0');
  expect(node.runtime.containers.size).toBe(0);
  expect(node.runtime.sandboxes.size).toBe(0);
});

test('a second deletion can shorten the grace period', async () => {
  const node = await startNode();
  node.runtime.programs.set('web:1', { stopsAfter: Number.POSITIVE_INFINITY });
  await node.create({ containers: [web], terminationGracePeriodSeconds: 300 });
  await node.delete();
  await node.advance('5s');
  await node.delete({ gracePeriodSeconds: 3 });
  await node.advance('3s');
  expect(await node.find()).toBeUndefined();
});

test('a forced deletion removes the object at once; the kubelet stops the containers all the same', async () => {
  const node = await startNode();
  node.runtime.programs.set('web:1', { stopsAfter: 1000 });
  await node.create({ containers: [web] });
  await node.delete({ gracePeriodSeconds: 0 });
  expect(await node.find()).toBeUndefined();
  await node.advance('2s');
  expect(node.runtime.containers.size).toBe(0);
});

test('the last status of a deleted Pod: a container that was killed makes it Failed, a Pod that never started too', async () => {
  const node = await startNode();
  const phases: (string | undefined)[] = [];
  const watching = node.api.client.watch(Pod).subscribe((event) => {
    if (event.type === 'DELETED') phases.push(event.object.status?.phase);
  });
  node.runtime.programs.set('web:1', { stopsAfter: 0 });
  await node.create({ containers: [web] });
  await node.delete();
  await node.advance('1s');
  await node.create({ containers: [{ name: 'web', image: 'missing:1' }] });
  await node.delete();
  await node.advance('1s');
  expect(phases).toEqual(['Failed', 'Failed']);
  watching.unsubscribe();
});

test('preStop runs before SIGTERM and its time counts', async () => {
  const node = await startNode();
  node.runtime.programs.set('web:1', { stopsAfter: Number.POSITIVE_INFINITY });
  await node.create({ containers: [{ ...web, lifecycle: { preStop: { exec: { command: ['sleep', '10'] } } } }] });
  await node.delete();
  await node.advance('31s');
  expect(node.runtime.calls.slice(-3)).toEqual(['exec web sleep 10', 'stop web 20000', 'end web 137']);
});

test('a preStop that fails or never ends does not hold the termination', async () => {
  const node = await startNode();
  node.runtime.programs.set('web:1', { exec: () => 1 });
  await node.create({ containers: [{ ...web, lifecycle: { preStop: { exec: { command: ['bad'] } } } }] });
  await node.delete();
  await node.advance('1s');
  expect(node.events).toContain('Warning FailedPreStopHook spec.containers{web} PreStopHook failed');
  expect(await node.find()).toBeUndefined();

  const slow = await startNode();
  const preStop = { sleep: { seconds: 100 } };
  await slow.create({ terminationGracePeriodSeconds: 120, containers: [{ ...web, lifecycle: { preStop } }] });
  await slow.delete({ gracePeriodSeconds: 30 });
  await slow.advance('31s');
  expect(await slow.find()).toBeUndefined();
  expect(slow.runtime.calls).toContain('stop web 2000');
});

test('a postStart hook that fails takes the container with it', async () => {
  const node = await startNode();
  node.runtime.programs.set('web:1', { exec: () => 1 });
  await node.create({ containers: [{ ...web, lifecycle: { postStart: { exec: { command: ['bad'] } } } }] });
  await node.advance('1s');
  expect(node.events).toContain('Warning FailedPostStartHook spec.containers{web} PostStartHook failed');
  expect(node.events).toContain('Normal Killing spec.containers{web} FailedPostStartHook');
});

test('a Pod can be deleted while its postStart hook hangs', async () => {
  const node = await startNode();
  await node.create({ containers: [{ ...web, lifecycle: { postStart: { exec: { command: ['sleep', '3600'] } } } }] });
  await node.delete();
  await node.advance('31s');
  expect(await node.find()).toBeUndefined();
});

test('while postStart runs the container shows as waiting', async () => {
  const node = await startNode();
  await node.create({ containers: [{ ...web, lifecycle: { postStart: { exec: { command: ['sleep', '20'] } } } }] });
  expect(node.runtime.running()).toEqual(['web']);
  await node.advance('10s');
  expect(await state(node)).toEqual({ waiting: { reason: 'ContainerCreating' } });
  await node.advance('11s');
  expect(await state(node)).toHaveProperty('running');
});
