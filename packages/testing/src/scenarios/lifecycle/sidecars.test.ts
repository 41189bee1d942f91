import { expect, test } from 'vitest';
import { type PodScenario, podScenario, script, service } from '../pod-scenario.fixture.ts';

/** How init containers and sidecars wait, fail, restart and end. */

const kept = { finalizers: ['example.com/look'] };
const sidecar = (text: string, more: object = {}) => script(text, { name: 'proxy', restartPolicy: 'Always', ...more });
const forever = 'trap exit TERM; while true; do sleep 1; done';
const initOf = async (cluster: PodScenario, name: string) =>
  (await cluster.pod()).status?.initContainerStatuses?.find((one) => one.name === name);
const startOf = async (cluster: PodScenario, name: string) => {
  const { status } = await cluster.pod();
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const { state } = all.find((one) => one.name === name) ?? {};
  return Date.parse(state?.running?.startedAt ?? state?.terminated?.startedAt ?? '');
};

test('each init container starts only after the one before it has exited with 0', async () => {
  const cluster = await podScenario();
  await cluster.start({
    initContainers: [script('sleep 3', { name: 'one' }), script('sleep 4', { name: 'two' })],
    containers: [service()],
  });
  await cluster.advance('10s');
  expect((await startOf(cluster, 'two')) - (await startOf(cluster, 'one'))).toBe(3000);
  expect((await startOf(cluster, 'main')) - (await startOf(cluster, 'two'))).toBe(4000);
});

test.for(['Always', 'OnFailure'] as const)(
  'a failing init container is retried with crash back-off under %s: at once, then after 10, 20 and 40 s',
  async (restartPolicy) => {
    const cluster = await podScenario();
    await cluster.start({
      restartPolicy,
      initContainers: [script('exit 1', { name: 'bad' })],
      containers: [service()],
    });
    for (const [wait, restarts] of [
      ['2s', 1],
      ['10s', 2],
      ['20s', 3],
      ['40s', 4],
    ] as const) {
      await cluster.advance(wait);
      expect((await initOf(cluster, 'bad'))?.restartCount).toBe(restarts);
    }
    expect(await cluster.row()).toMatchObject({ ready: '0/1', status: 'Init:CrashLoopBackOff' });
    expect((await cluster.pod()).status?.phase).toBe('Pending');
  },
);

test('init containers are not run again when a container restarts', async () => {
  const cluster = await podScenario();
  await cluster.start({ initContainers: [script('true', { name: 'init' })], containers: [script('sleep 5; exit 1')] });
  await cluster.advance('30s');
  expect((await cluster.pod()).status?.containerStatuses?.[0]?.restartCount).toBeGreaterThan(0);
  expect(await initOf(cluster, 'init')).toMatchObject({ restartCount: 0, ready: true });
});

test('the next container waits for a sidecar’s postStart hook', async () => {
  const cluster = await podScenario();
  await cluster.start({
    initContainers: [sidecar(forever, { lifecycle: { postStart: { exec: { command: ['sleep', '5'] } } } })],
    containers: [service()],
  });
  await cluster.advance('10s');
  expect((await startOf(cluster, 'main')) - (await startOf(cluster, 'proxy'))).toBe(5000);
});

test('the next container waits for a sidecar’s startup probe, whose failure restarts the sidecar', async () => {
  const cluster = await podScenario();
  const startupProbe = { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 3 };
  await cluster.start({ initContainers: [sidecar(forever, { startupProbe })], containers: [service()] });
  await cluster.advance('5s');
  expect(await cluster.events()).toContainEqual(
    expect.stringMatching(/^Normal Killing: Init container proxy failed startup probe( \(x\d\))?$/),
  );
  expect((await initOf(cluster, 'proxy'))?.restartCount).toBeGreaterThan(0);
  expect((await cluster.pod()).status?.containerStatuses?.[0]?.state).toMatchObject({
    waiting: { reason: 'PodInitializing' },
  });
  expect(await cluster.row()).toMatchObject({ ready: '0/2', status: expect.stringMatching(/^Init:/) });
});

test('a sidecar that keeps ending is restarted with back-off while the containers keep running', async () => {
  const cluster = await podScenario();
  await cluster.start({ restartPolicy: 'Never', initContainers: [sidecar('sleep 2')], containers: [service()] });
  await cluster.advance('25s');
  expect((await initOf(cluster, 'proxy'))?.state?.waiting?.reason).toBe('CrashLoopBackOff');
  expect((await cluster.pod()).status?.phase).toBe('Running');
  expect(await cluster.row()).toMatchObject({ ready: '1/2', status: 'Init:CrashLoopBackOff' });
});

test('a sidecar is restarted while later init containers run', async () => {
  const cluster = await podScenario();
  await cluster.start({
    initContainers: [sidecar('sleep 2'), script('sleep 20', { name: 'slow' })],
    containers: [service()],
  });
  await cluster.advance('10s');
  expect((await initOf(cluster, 'proxy'))?.restartCount).toBe(1);
  expect((await initOf(cluster, 'slow'))?.state).toHaveProperty('running');
});

test('preStop hooks of sidecars run as soon as termination begins; SIGTERM is sent to one sidecar after the other', async () => {
  const cluster = await podScenario();
  const said = (text: string) => ['sh', '-c', `echo ${text} $(date +%s) > /proc/1/fd/1`];
  await cluster.start(
    {
      initContainers: [
        sidecar('trap "echo TERM $(date +%s); exit" TERM; while true; do sleep 1; done'.replace('$(', '\\$('), {
          lifecycle: { preStop: { exec: { command: said('hook') } } },
        }),
      ],
      containers: [script('trap "sleep 5; exit 0" TERM; while true; do sleep 1; done')],
    },
    kept,
  );
  await cluster.advance('2s');
  const begun = cluster.now() / 1000;
  await cluster.remove();
  await cluster.advance('20s');
  const log = await cluster.logs('default/web', { container: 'proxy' });
  const at = (word: string) => Number(new RegExp(`${word} (\\d+)`).exec(log)?.[1]) - Math.floor(begun);
  expect(at('hook')).toBeLessThanOrEqual(1);
  expect(at('TERM')).toBeGreaterThanOrEqual(5);
});

test('the last sidecar ends before the previous one gets SIGTERM', async () => {
  const cluster = await podScenario();
  const slow = 'trap "sleep 3; exit 0" TERM; while true; do sleep 1; done';
  await cluster.start(
    {
      initContainers: [sidecar(forever, { name: 'first' }), sidecar(slow, { name: 'second' })],
      containers: [service()],
    },
    kept,
  );
  await cluster.advance('2s');
  await cluster.remove();
  await cluster.advance('20s');
  const end = async (name: string) => Date.parse((await initOf(cluster, name))?.state?.terminated?.finishedAt ?? '');
  expect(await end('first')).toBeGreaterThanOrEqual(await end('second'));
});

test('the remaining sidecars are killed when the grace period is over', async () => {
  const cluster = await podScenario();
  const stubborn = 'trap "" TERM; while true; do sleep 1; done';
  await cluster.start(
    {
      terminationGracePeriodSeconds: 6,
      initContainers: [sidecar(stubborn, { name: 'first' }), sidecar(stubborn, { name: 'second' })],
      containers: [script(stubborn)],
    },
    kept,
  );
  const begun = cluster.now();
  await cluster.remove();
  await cluster.advance('1m');
  const { status } = await cluster.pod();
  const ends = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].map(
    ({ name, state }) => [
      name,
      state?.terminated?.exitCode,
      (Date.parse(state?.terminated?.finishedAt ?? '') - begun) / 1000,
    ],
  );
  // A container that had to wait gets two seconds when its turn comes.
  expect(ends).toEqual([
    ['main', 137, 6],
    ['first', 137, 8],
    ['second', 137, 8],
  ]);
});

test('the phase depends on the exit codes of containers, not on those of sidecars', async () => {
  const cluster = await podScenario();
  await cluster.start({
    restartPolicy: 'Never',
    initContainers: [sidecar('trap "exit 9" TERM; while true; do sleep 1; done')],
    containers: [script('sleep 2; exit 3')],
  });
  await cluster.advance('30s');
  expect((await cluster.pod()).status?.phase).toBe('Failed');
  expect(await cluster.row()).toMatchObject({ status: 'Error' });
});
