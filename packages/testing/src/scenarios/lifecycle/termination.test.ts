import { Pod } from '@orrery/api';
import { expect, test } from 'vitest';
import { type PodScenario, podScenario, script, service } from '../pod-scenario.fixture.ts';

/** Hooks, signals, grace periods and termination messages. A finalizer keeps the Pod so that its last status can be read. */

const kept = { finalizers: ['example.com/look'] };
const ended = async (cluster: PodScenario, name = 'main') =>
  (await cluster.pod()).status?.containerStatuses?.find((one) => one.name === name)?.state?.terminated;
/** Seconds from the deletion to the end of the container. */
async function removed(cluster: PodScenario, grace?: number): Promise<{ exitCode: number | undefined; after: number }> {
  const begun = cluster.now();
  await cluster.remove('web', grace);
  await cluster.advance('2m');
  const end = await ended(cluster);
  return { exitCode: end?.exitCode, after: Math.round((Date.parse(end?.finishedAt ?? '') - begun) / 1000) };
}

test('SIGTERM ends a program that does not handle it: exit code 143', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [{ name: 'main', image: 'google-samples/hello-app:1.0' }] }, kept);
  expect(await removed(cluster)).toEqual({ exitCode: 143, after: 0 });
});

test('a trap on TERM decides how the container ends', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [script('trap "sleep 3; exit 5" TERM; while true; do sleep 1; done')] }, kept);
  const { exitCode, after } = await removed(cluster);
  expect(exitCode).toBe(5);
  expect(after).toBeGreaterThanOrEqual(3);
  expect(after).toBeLessThanOrEqual(5);
});

test.for([
  ['a shell as PID 1 without a trap', 'while true; do sleep 1; done'],
  ['a shell as PID 1 that is waiting for a child', 'sleep 1d; echo not reached'],
  ['a trap that ignores the signal', 'trap "" TERM; while true; do sleep 1; done'],
] as const)('SIGKILL after the grace period, exit code 137: %s', async ([, text]) => {
  const cluster = await podScenario();
  await cluster.start({ terminationGracePeriodSeconds: 7, containers: [script(text)] }, kept);
  expect(await removed(cluster)).toEqual({ exitCode: 137, after: 7 });
});

test('the grace period of the deletion overrides the Pod’s own', async () => {
  const cluster = await podScenario();
  await cluster.start({ terminationGracePeriodSeconds: 60, containers: [script('sleep 1d; true')] }, kept);
  expect(await removed(cluster, 4)).toEqual({ exitCode: 137, after: 4 });
});

test('a second deletion can only shorten the grace period', async () => {
  const cluster = await podScenario();
  await cluster.start({ terminationGracePeriodSeconds: 60, containers: [script('sleep 1d; true')] }, kept);
  const begun = cluster.now();
  await cluster.remove();
  await cluster.advance('5s');
  await cluster.remove('web', 100);
  await cluster.advance('1s');
  await cluster.remove('web', 10);
  await cluster.advance('30s');
  const after = Math.round((Date.parse((await ended(cluster))?.finishedAt ?? '') - begun) / 1000);
  expect(after).toBeGreaterThanOrEqual(10);
  expect(after).toBeLessThanOrEqual(16);
});

test('a forced deletion removes the Pod from the API at once, and stops its containers soon after', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [script('sleep 1d; true')] });
  await cluster.remove('web', 0);
  await cluster.settle();
  expect(await cluster.row()).toBeUndefined();
  await cluster.advance('5s');
  expect(await cluster.nodes.runtime('node1')?.listPodSandboxes()).toEqual([]);
});

test('a forced deletion cuts a slow termination short', async () => {
  const cluster = await podScenario();
  await cluster.start({ terminationGracePeriodSeconds: 600, containers: [script('sleep 1d; true')] });
  await cluster.remove();
  await cluster.advance('5s');
  await cluster.remove('web', 0);
  await cluster.advance('5s');
  expect(await cluster.nodes.runtime('node1')?.listPodSandboxes()).toEqual([]);
});

test('a Pod that is not on a node is removed at once', async () => {
  const cluster = await podScenario();
  await cluster.start({ nodeSelector: { no: 'where' }, containers: [service()] });
  await cluster.remove();
  expect(await cluster.row()).toBeUndefined();
});

test('preStop runs before SIGTERM, and its time counts towards the grace period', async () => {
  const cluster = await podScenario();
  await cluster.start(
    {
      terminationGracePeriodSeconds: 10,
      containers: [
        script("trap 'echo TERM at $(date +%s)' TERM; while true; do sleep 1; done", {
          lifecycle: {
            preStop: { exec: { command: ['sh', '-c', 'echo hook at $(date +%s) > /proc/1/fd/1; sleep 4'] } },
          },
        }),
      ],
    },
    kept,
  );
  expect(await removed(cluster)).toEqual({ exitCode: 137, after: 10 });
  const times = (await cluster.logs('default/web')).match(/\d+$/gm)?.map(Number) ?? [];
  expect(times).toHaveLength(2);
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBe(4);
});

test('a preStop hook that outlasts the grace period gets two more seconds, then the container is killed', async () => {
  const cluster = await podScenario();
  await cluster.start(
    {
      terminationGracePeriodSeconds: 5,
      containers: [script('sleep 1d; true', { lifecycle: { preStop: { exec: { command: ['sleep', '100'] } } } })],
    },
    kept,
  );
  expect(await removed(cluster)).toEqual({ exitCode: 137, after: 7 });
  expect(await cluster.events()).toContain('Normal Killing: Stopping container main');
});

test('a failing preStop hook is reported, and termination continues', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [service({ lifecycle: { preStop: { exec: { command: ['false'] } } } })] }, kept);
  expect((await removed(cluster)).after).toBeLessThanOrEqual(1);
  expect(await cluster.events()).toContain('Warning FailedPreStopHook: PreStopHook failed');
});

test('preStop supports sleep and httpGet', async () => {
  const cluster = await podScenario();
  await cluster.start(
    {
      containers: [
        service({ lifecycle: { preStop: { sleep: { seconds: 6 } } } }),
        { name: 'web', image: 'nginx', lifecycle: { preStop: { httpGet: { path: '/bye', port: 80 } } } },
      ],
    },
    kept,
  );
  const { after } = await removed(cluster);
  expect(after).toBeGreaterThanOrEqual(6);
  expect(await cluster.logs('default/web', { container: 'web' })).toContain('"GET /bye HTTP/1.1" 404');
  expect(await cluster.events()).not.toContain('Warning FailedPreStopHook: PreStopHook failed');
});

test('an HTTPS hook falls back to HTTP on a plain server and reports it', async () => {
  const cluster = await podScenario();
  await cluster.start(
    {
      containers: [
        {
          name: 'main',
          image: 'nginx',
          lifecycle: { postStart: { httpGet: { path: '/', port: 80, scheme: 'HTTPS' } } },
        },
      ],
    },
    kept,
  );
  await cluster.advance('2s');
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
  expect(await cluster.events()).toContainEqual(
    expect.stringMatching(
      /^Warning LifecycleHTTPFallback: request to HTTPS lifecycle hook .* got HTTP response, retry with HTTP succeeded$/,
    ),
  );
});

test('preStop does not run for a container that ends by itself', async () => {
  const cluster = await podScenario();
  const hook = { preStop: { exec: { command: ['sh', '-c', 'echo hook > /data/file'] } } };
  await cluster.start({
    restartPolicy: 'Never',
    containers: [script('sleep 1', { lifecycle: hook, volumeMounts: [{ name: 'data', mountPath: '/data' }] })],
    volumes: [{ name: 'data', hostPath: { path: '/data', type: 'DirectoryOrCreate' } }],
  });
  await cluster.advance('5s');
  await cluster.remove();
  await cluster.advance('5s');
  expect(cluster.nodes.runtime('node1')?.files.stat('/data/file')).toBeUndefined();
});

test('postStart races the entrypoint, and the container is not reported as running before the hook is done', async () => {
  const cluster = await podScenario();
  await cluster.start({
    containers: [
      script('echo entry $(date +%s); sleep 1d', {
        lifecycle: { postStart: { exec: { command: ['sh', '-c', 'sleep 5; echo hook $(date +%s) > /proc/1/fd/1'] } } },
      }),
    ],
  });
  await cluster.advance('3s');
  expect(await cluster.row()).toMatchObject({ status: 'ContainerCreating' });
  await cluster.advance('5s');
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
  expect((await cluster.logs('default/web')).split('\n').map((line) => line.split(' ')[0])).toEqual([
    'entry',
    'hook',
    '',
  ]);
});

test('containers after one with a slow postStart hook wait for it', async () => {
  const cluster = await podScenario();
  await cluster.start({
    containers: [
      service({ lifecycle: { postStart: { exec: { command: ['sleep', '5'] } } } }),
      service({ name: 'other' }),
    ],
  });
  await cluster.advance('10s');
  const [main, other] = (await cluster.pod()).status?.containerStatuses ?? [];
  const at = (status: typeof main) => Date.parse(status?.state?.running?.startedAt ?? '');
  expect(at(other) - at(main)).toBe(5000);
});

test('a failing postStart hook kills its container: PostStartHookError, then restarts with back-off', async () => {
  const cluster = await podScenario();
  await cluster.start({
    containers: [service({ lifecycle: { postStart: { exec: { command: ['sh', '-c', 'echo no luck; exit 4'] } } } })],
  });
  await cluster.advance('3s');
  expect(cluster.shown()).toContain('PostStartHookError');
  expect(await cluster.events()).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^Warning FailedPostStartHook: PostStartHook failed/),
      expect.stringMatching(/^Normal Killing: FailedPostStartHook/),
    ]),
  );
  await cluster.advance('20s');
  expect(await cluster.row()).toMatchObject({ status: expect.stringMatching(/CrashLoopBackOff|PostStartHookError/) });
});

test.for([
  ['the file, whatever the exit code', 'echo done > /dev/termination-log', {}, 'done\n'],
  ['a custom path', 'echo done > /tmp/last', { terminationMessagePath: '/tmp/last' }, 'done\n'],
  [
    'no more than 4096 bytes of the file',
    'head -c 5000 /dev/zero | tr "\\0" x > /dev/termination-log',
    {},
    'x'.repeat(4096),
  ],
  ['empty under File, whatever is logged', 'echo logged; exit 1', {}, undefined],
  [
    'the log after a failure under FallbackToLogsOnError',
    'echo logged; exit 1',
    { terminationMessagePolicy: 'FallbackToLogsOnError' },
    'logged\n',
  ],
  [
    'nothing from the log after a success',
    'echo logged',
    { terminationMessagePolicy: 'FallbackToLogsOnError' },
    undefined,
  ],
  [
    'the file before the log',
    'echo logged; echo filed > /dev/termination-log; exit 1',
    { terminationMessagePolicy: 'FallbackToLogsOnError' },
    'filed\n',
  ],
  [
    'no more than 80 lines of the log',
    'for i in $(seq 100); do echo $i; done; exit 1',
    { terminationMessagePolicy: 'FallbackToLogsOnError' },
    Array.from({ length: 80 }, (_, i) => `${i + 21}\n`).join(''),
  ],
  [
    'no more than 2048 bytes of the log',
    'for i in $(seq 60); do head -c 99 /dev/zero | tr "\\0" x; echo; done; exit 1',
    { terminationMessagePolicy: 'FallbackToLogsOnError' },
    `${`${'x'.repeat(99)}\n`.repeat(60)}`.slice(-2048),
  ],
] as const)('the termination message is %s', async ([, text, more, message]) => {
  const cluster = await podScenario();
  await cluster.start({ restartPolicy: 'Never', containers: [script(text, more)] });
  expect((await ended(cluster))?.message).toBe(message);
});

test('the status of a deleted Pod shows the phases of its stopped containers', async () => {
  const cluster = await podScenario();
  await cluster.start(
    { containers: [service(), script('trap "exit 3" TERM; while true; do sleep 1; done', { name: 'bad' })] },
    kept,
  );
  await cluster.remove();
  await cluster.advance('10s');
  const { status, metadata } = await cluster.pod();
  expect(status).toMatchObject({
    phase: 'Failed',
    containerStatuses: [{ state: { terminated: { exitCode: 3 } } }, { state: { terminated: { exitCode: 0 } } }],
  });
  expect(status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
    status: 'False',
    reason: 'PodFailed',
  });
  await cluster.client.patch(
    Pod,
    { namespace: 'default', name: 'web' },
    { type: 'merge', patch: { metadata: { finalizers: null } } },
  );
  await cluster.settle();
  expect(await cluster.row()).toBeUndefined();
  expect(metadata.deletionGracePeriodSeconds).toBe(0);
});

test('liveness and startup probes stop when termination begins; readiness probes continue', async () => {
  const cluster = await podScenario();
  const probe = (name: string) => ({
    exec: { command: ['sh', '-c', `echo ${name} > /proc/1/fd/1`] },
    periodSeconds: 1,
  });
  await cluster.start(
    {
      containers: [
        script('trap "echo TERM; sleep 4; exit" TERM; while true; do sleep 1; done', {
          livenessProbe: probe('alive'),
          readinessProbe: probe('ready'),
        }),
      ],
    },
    kept,
  );
  await cluster.advance('3s');
  await cluster.remove();
  await cluster.advance('10s');
  const [before, after] = (await cluster.logs('default/web')).split('TERM');
  expect(before).toContain('alive');
  expect(after).not.toContain('alive');
  expect(after).toContain('ready');
});
