import { expect, test } from 'vitest';
import { type PodScenario, podScenario, script, service } from '../pod-scenario.fixture.ts';

/** Restart policies of Pods and containers, back-off, deadlines. */

const restarts = async (cluster: PodScenario) =>
  (await cluster.pod()).status?.containerStatuses?.map(({ restartCount }) => restartCount);
const phase = async (cluster: PodScenario) => (await cluster.pod()).status?.phase;

test.for([
  ['Always', 0, true, 'Running'],
  ['Always', 1, true, 'Running'],
  ['OnFailure', 0, false, 'Succeeded'],
  ['OnFailure', 1, true, 'Running'],
  ['Never', 0, false, 'Succeeded'],
  ['Never', 1, false, 'Failed'],
] as const)('restartPolicy %s, exit %i: restarted %s, phase %s', async ([restartPolicy, code, restarted, expected]) => {
  const cluster = await podScenario();
  await cluster.start({ restartPolicy, containers: [script(`sleep 1; exit ${code}`)] });
  await cluster.advance('10s');
  expect(((await restarts(cluster))?.[0] ?? 0) > 0).toBe(restarted);
  expect(await phase(cluster)).toBe(expected);
});

test('under Never a Pod with one failed container of two fails only when both have ended', async () => {
  const cluster = await podScenario();
  await cluster.start({
    restartPolicy: 'Never',
    containers: [script('exit 1'), script('sleep 10', { name: 'other' })],
  });
  await cluster.advance('5s');
  expect(await phase(cluster)).toBe('Running');
  await cluster.advance('10s');
  expect(await phase(cluster)).toBe('Failed');
});

test('a container’s own restartPolicy overrides the Pod’s', async () => {
  const cluster = await podScenario();
  await cluster.start({
    restartPolicy: 'Always',
    containers: [service(), script('sleep 1; exit 1', { name: 'once', restartPolicy: 'Never' })],
  });
  await cluster.advance('30s');
  expect(await restarts(cluster)).toEqual([0, 0]);
  expect(await phase(cluster)).toBe('Running');
});

test('restartPolicyRules: only the listed exit codes restart the container', async () => {
  const cluster = await podScenario();
  await cluster.start({
    restartPolicy: 'Never',
    containers: [
      script('if [ -e /data/twice ]; then exit 7; fi; touch /data/twice; sleep 1; exit 42', {
        restartPolicy: 'Never',
        restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      }),
    ],
    volumes: [{ name: 'data', emptyDir: {} }],
  });
  await cluster.advance('30s');
  expect(await restarts(cluster)).toEqual([1]);
  expect((await cluster.pod()).status).toMatchObject({
    phase: 'Failed',
    containerStatuses: [{ state: { terminated: { exitCode: 7 } }, lastState: { terminated: { exitCode: 42 } } }],
  });
});

test('back-off: restarts at once, then 10, 20, 40, 80, 160 and from then on 300 seconds after each exit', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [script('date +%s; exit 1')] });
  const starts: number[] = [];
  for (let i = 0; i < 8; i++) {
    starts.push(Number(await cluster.logs('default/web')));
    const count = (await restarts(cluster))?.[0] ?? 0;
    for (let waited = 0; waited < 310 && ((await restarts(cluster))?.[0] ?? 0) === count; waited++) {
      await cluster.advance('1s');
    }
  }
  expect(starts.slice(1).map((at, i) => at - (starts[i] ?? 0))).toEqual([10, 20, 40, 80, 160, 300, 300]);
});

test('the CrashLoopBackOff message names the delay, the container and the Pod', async () => {
  const cluster = await podScenario();
  const { metadata } = await cluster.start({ containers: [script('exit 1')] });
  await cluster.advance('1s');
  const pod = `web_default(${metadata.uid})`;
  expect((await cluster.pod()).status?.containerStatuses?.[0]?.state?.waiting).toEqual({
    reason: 'CrashLoopBackOff',
    message: `back-off 10s restarting failed container=main pod=${pod}`,
  });
  expect(await cluster.events()).toContain(`Warning BackOff: Back-off restarting failed container main in pod ${pod}`);
});

test('a run of more than ten minutes resets the back-off', async () => {
  const cluster = await podScenario();
  await cluster.start({
    containers: [
      script(
        'n=$(cat /data/n 2>/dev/null || echo 0); echo $((n+1)) > /data/n; if [ $n = 3 ]; then sleep 601; fi; exit 1',
        {
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ),
    ],
    volumes: [{ name: 'data', emptyDir: {} }],
  });
  const message = async () => (await cluster.pod()).status?.containerStatuses?.[0]?.state?.waiting?.message;
  await cluster.advance('25s');
  expect(await message()).toContain('back-off 20s');
  await cluster.advance('10s');
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
  await cluster.advance('602s');
  expect(await restarts(cluster)).toEqual([4]);
  expect(await message()).toContain('back-off 10s');
});

test('a changed image resets the back-off and creates a new container', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [script('exit 1')] });
  await cluster.advance('80s');
  expect((await cluster.pod()).status?.containerStatuses?.[0]?.state?.waiting?.message).toContain('back-off 1m20s');
  const pod = await cluster.pod();
  const containers = pod.spec.containers.map((one) => ({ ...one, image: 'alpine' }));
  await cluster.client.update({ ...pod, spec: { ...pod.spec, containers } });
  await cluster.advance('2s');
  expect((await cluster.pod()).status?.containerStatuses?.[0]).toMatchObject({
    image: expect.stringContaining('alpine'),
    state: { waiting: { message: expect.stringContaining('back-off 10s') } },
  });
});

test('changing the image of a running container restarts only that container', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [service({ name: 'a' }), service({ name: 'b' })] });
  const pod = await cluster.pod();
  await cluster.client.update({
    ...pod,
    spec: {
      ...pod.spec,
      containers: pod.spec.containers.map((one) => (one.name === 'a' ? { ...one, image: 'alpine' } : one)),
    },
  });
  await cluster.advance('5s');
  expect(await restarts(cluster)).toEqual([1, 0]);
  expect(await cluster.events()).toContain('Normal Killing: Container a definition changed, will be restarted');
});

test('activeDeadlineSeconds counts from the start on the node and stops the containers with their grace period', async () => {
  const cluster = await podScenario();
  await cluster.start({
    activeDeadlineSeconds: 10,
    terminationGracePeriodSeconds: 5,
    containers: [script('trap "" TERM; while true; do sleep 1; done')],
  });
  await cluster.advance('9s');
  expect(await phase(cluster)).toBe('Running');
  await cluster.advance('3s');
  expect(await phase(cluster)).not.toBe('Failed');
  await cluster.advance('5s');
  expect((await cluster.pod()).status).toMatchObject({
    phase: 'Failed',
    reason: 'DeadlineExceeded',
    containerStatuses: [{ state: { terminated: { exitCode: 137 } } }],
  });
  expect(await cluster.events()).toContain(
    'Normal DeadlineExceeded: Pod was active on the node longer than the specified deadline',
  );
});

test('activeDeadlineSeconds ends a Pod that is waiting for its image', async () => {
  const cluster = await podScenario();
  await cluster.start({ activeDeadlineSeconds: 10, containers: [{ name: 'main', image: 'nowhere/nothing' }] });
  await cluster.advance('12s');
  expect((await cluster.pod()).status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' });
});

test('rejects the rule action RestartAllContainers, which Kubernetes 1.35 does not enable by default', async () => {
  const cluster = await podScenario();
  const rule = { action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [1] } };
  await expect(
    cluster.start({ containers: [script('exit 1', { restartPolicy: 'Never', restartPolicyRules: [rule] })] }),
  ).rejects.toThrow(/restartPolicyRules\[0\].action: Unsupported value: "RestartAllContainers"/);
});
