import { type Container, Pod } from '@orrery/api';
import { expect, test } from 'vitest';
import { type PodScenario, podScenario, script, service } from '../pod-scenario.fixture.ts';

/** Restart policies and rules of individual containers (KEP-5307 "Container Restart Rules"), and changes to deadlines. */

type Rule = NonNullable<Container['restartPolicyRules']>[number];

const key = { namespace: 'default', name: 'web' };
const rule = (operator: string, ...values: number[]): Rule => ({
  action: 'Restart',
  exitCodes: { operator, values },
});
const restartsOf = async (cluster: PodScenario) =>
  (await cluster.pod()).status?.containerStatuses?.map(({ restartCount }) => restartCount);

test.for<
  readonly [pod: 'Always' | 'OnFailure' | 'Never', own: string, rules: Rule[], exit: number, restarted: boolean]
>([
  ['Never', 'Never', [rule('In', 42)], 42, true],
  ['Never', 'Never', [rule('In', 42)], 1, false],
  ['Never', 'Never', [rule('In', 42)], 0, false],
  ['Never', 'Never', [rule('In', 1, 2, 42)], 2, true],
  ['Never', 'Never', [rule('NotIn', 42)], 1, true],
  ['Never', 'Never', [rule('NotIn', 42)], 42, false],
  ['Never', 'Never', [rule('NotIn', 1)], 0, true],
  ['Never', 'Never', [rule('In', 1), rule('In', 2)], 2, true],
  ['Always', 'Never', [rule('In', 42)], 1, false],
  ['Always', 'OnFailure', [], 0, false],
  ['Always', 'OnFailure', [], 1, true],
  ['Never', 'Always', [], 0, true],
  ['Never', 'OnFailure', [rule('In', 0)], 0, true],
  ['OnFailure', 'Never', [], 1, false],
])('Pod %s, container %s, rules %j, exit %i: restarted %s', async ([restartPolicy, own, rules, exit, restarted]) => {
  const cluster = await podScenario();
  await cluster.start({
    restartPolicy,
    containers: [
      service(),
      script(`sleep 1; exit ${exit}`, {
        name: 'other',
        restartPolicy: own,
        ...(rules.length === 0 ? {} : { restartPolicyRules: rules }),
      }),
    ],
  });
  await cluster.advance('5s');
  const [first, second] = (await restartsOf(cluster)) ?? [];
  expect(first).toBe(0);
  expect((second ?? 0) > 0).toBe(restarted);
});

test('a rule restarts with the container’s back-off, in the same Pod on the same node', async () => {
  const cluster = await podScenario({ nodes: 2 });
  await cluster.start({
    restartPolicy: 'Never',
    containers: [script('sleep 1; exit 42', { restartPolicy: 'Never', restartPolicyRules: [rule('In', 42)] })],
  });
  const before = await cluster.pod();
  await cluster.advance('6s');
  expect(await cluster.row()).toMatchObject({ status: 'CrashLoopBackOff' });
  await cluster.advance('20s');
  const after = await cluster.pod();
  expect(await restartsOf(cluster)).toEqual([2]);
  expect(after.metadata.uid).toBe(before.metadata.uid);
  expect(after.spec.nodeName).toBe(before.spec.nodeName);
  expect(after.status?.podIP).toBe(before.status?.podIP);
  expect(after.status?.phase).toBe('Running');
});

test('an init container’s rule retries the exit codes it lists; any other one fails the Pod', async () => {
  const flaky = (code: number) =>
    script(`if [ -e /data/again ]; then exit ${code}; fi; touch /data/again; exit 42`, {
      name: 'init',
      restartPolicy: 'Never',
      restartPolicyRules: [rule('In', 42)],
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    });
  const cluster = await podScenario();
  const volumes = [{ name: 'data', emptyDir: {} }];
  await cluster.start({ restartPolicy: 'Never', initContainers: [flaky(0)], containers: [service()], volumes });
  await cluster.start(
    { restartPolicy: 'Never', initContainers: [flaky(7)], containers: [service()], volumes },
    { name: 'failing' },
  );
  await cluster.advance('30s');
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
  expect(await cluster.row('failing')).toMatchObject({ status: 'Init:Error' });
  expect((await cluster.pod('failing')).status?.phase).toBe('Failed');
});

test('the rules apply to the exit code of a container that a liveness probe killed', async () => {
  const cluster = await podScenario();
  const ending = (name: string, code: number) =>
    script(`trap "exit ${code}" TERM; while true; do sleep 1; done`, {
      name,
      livenessProbe: { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 1 },
      restartPolicy: 'Never',
      restartPolicyRules: [rule('In', 42)],
    });
  await cluster.start({ containers: [ending('a', 42), ending('b', 7), service()] });
  await cluster.advance('6s');
  const [first, second, third] = (await restartsOf(cluster)) ?? [];
  expect(first).toBeGreaterThan(0);
  expect([second, third]).toEqual([0, 0]);
  expect(await cluster.events()).toContain('Normal Killing: Container b failed liveness probe');
});

test.for<readonly [string, Partial<Container>, string]>([
  [
    'rules without a restartPolicy',
    { restartPolicyRules: [rule('In', 1)] },
    'spec.containers[0].restartPolicy: Required value: must specify restartPolicy when restart rules are used',
  ],
  [
    'an unknown policy',
    { restartPolicy: 'Sometimes' },
    'spec.containers[0].restartPolicy: Unsupported value: "Sometimes"',
  ],
  [
    'a rule without exit codes',
    { restartPolicy: 'Never', restartPolicyRules: [{ action: 'Restart' }] },
    'spec.containers[0].restartPolicyRules[0].exitCodes: Required value',
  ],
  [
    'an unknown operator',
    { restartPolicy: 'Never', restartPolicyRules: [rule('Near', 1)] },
    'spec.containers[0].restartPolicyRules[0].exitCodes.operator: Unsupported value: "Near"',
  ],
  [
    'more than 20 rules',
    { restartPolicy: 'Never', restartPolicyRules: Array.from({ length: 21 }, (_, code) => rule('In', code)) },
    'spec.containers[0].restartPolicyRules: Too many: 21: must have at most 20 items',
  ],
  [
    'more than 255 exit codes',
    { restartPolicy: 'Never', restartPolicyRules: [rule('In', ...Array.from({ length: 256 }, (_, code) => code))] },
    'spec.containers[0].restartPolicyRules[0].exitCodes.values: Too many: 256: must have at most 255 items',
  ],
])('rejects %s', async ([, more, message]) => {
  const cluster = await podScenario();
  await expect(cluster.start({ containers: [service(more)] })).rejects.toThrow(message);
});

test('activeDeadlineSeconds may be set on a running Pod and shortened, and counts from the Pod’s start', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [service()] });
  await cluster.advance('20s');
  const deadline = (seconds: number) =>
    cluster.client.patch(Pod, key, { type: 'merge', patch: { spec: { activeDeadlineSeconds: seconds } } });
  await deadline(100);
  await deadline(40);
  await expect(deadline(60)).rejects.toThrow(
    'spec.activeDeadlineSeconds: Invalid value: 60: must be less than or equal to previous value',
  );
  await cluster.advance('15s');
  expect((await cluster.pod()).status?.phase).toBe('Running');
  await cluster.advance('10s');
  expect((await cluster.pod()).status).toMatchObject({
    phase: 'Failed',
    reason: 'DeadlineExceeded',
    message: 'Pod was active on the node longer than the specified deadline',
  });
});

test('activeDeadlineSeconds ends a Pod that is still in its init containers, and one that crash-loops', async () => {
  const cluster = await podScenario();
  await cluster.start({
    activeDeadlineSeconds: 10,
    initContainers: [script('trap exit TERM; while true; do sleep 1; done', { name: 'init' })],
    containers: [service()],
  });
  await cluster.start({ activeDeadlineSeconds: 10, containers: [script('exit 1')] }, { name: 'crashing' });
  await cluster.advance('20s');
  for (const name of ['web', 'crashing']) {
    expect((await cluster.pod(name)).status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' });
  }
});

test('activeDeadlineSeconds does not affect a Pod that has ended', async () => {
  const cluster = await podScenario();
  await cluster.start({ activeDeadlineSeconds: 10, restartPolicy: 'Never', containers: [script('sleep 2')] });
  await cluster.advance('30s');
  expect(await cluster.row()).toMatchObject({ status: 'Completed' });
});
