import { Event, Job, Pod } from '@orrery/api';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type SimulatedCluster, simulate } from '../simulate.ts';

async function started(manifest: string): Promise<SimulatedCluster> {
  const cluster = await simulate({ nodes: 2, faults: [] });
  onTestFinished(() => cluster.close());
  await cluster.apply(manifest);
  await cluster.settle();
  return cluster;
}

/** A Job whose Pods run a script. */
const job = (spec: string, script = 'true', restartPolicy = 'Never') => `
apiVersion: batch/v1
kind: Job
metadata: { name: work, namespace: default }
spec:
  ${spec.trim().replaceAll('\n', '\n  ')}
  template:
    spec:
      restartPolicy: ${restartPolicy}
      terminationGracePeriodSeconds: 1
      containers:
        - { name: main, image: busybox, command: [sh, -c, '${script}'] }
`;

const key = { namespace: 'default', name: 'work' };
const status = async (cluster: SimulatedCluster) => (await cluster.get(Job, key)).status;
const pods = (cluster: SimulatedCluster) => cluster.list(Pod, { labelSelector: 'job-name=work' });
const patch = (cluster: SimulatedCluster, spec: object) =>
  cluster.client.patch(Job, key, { type: 'merge', patch: { spec } });

/** Types of the conditions that are True, with their reasons. */
async function conditions(cluster: SimulatedCluster): Promise<readonly string[]> {
  const all = (await status(cluster))?.conditions ?? [];
  return all.filter((one) => one.status === 'True').map(({ type, reason }) => `${type}: ${reason}`);
}

async function events(cluster: SimulatedCluster): Promise<readonly string[]> {
  const all = await cluster.list(Event, { fieldSelector: 'involvedObject.kind=Job' });
  return all.map(({ type, reason, message = '' }) => `${type} ${reason}: ${message.replace(/work-\S+$/, 'work-…')}`);
}

/** When Pods of the Job were created, in seconds after the first. */
async function starts(cluster: SimulatedCluster): Promise<readonly number[]> {
  const times = (await pods(cluster)).map(({ metadata }) => Date.parse(metadata.creationTimestamp)).sort();
  return times.map((time) => (time - (times[0] ?? 0)) / 1000);
}

describe('a Job', () => {
  test('runs a Pod to completion, counts it and says so', async () => {
    const cluster = await started(job(''));
    expect(await status(cluster)).toEqual({
      startTime: '2026-01-01T00:00:00Z',
      completionTime: expect.any(String),
      succeeded: 1,
      ready: 0,
      terminating: 0,
      uncountedTerminatedPods: {},
      conditions: ['SuccessCriteriaMet', 'Complete'].map((type) => ({
        type,
        status: 'True',
        lastProbeTime: expect.any(String),
        lastTransitionTime: expect.any(String),
        reason: 'CompletionsReached',
        message: 'Reached expected number of succeeded pods',
      })),
    });
    const [pod] = await pods(cluster);
    const { uid } = (await cluster.get(Job, key)).metadata;
    expect(pod?.metadata.finalizers).toBeUndefined();
    expect(pod?.metadata.labels).toEqual({
      'job-name': 'work',
      'batch.kubernetes.io/job-name': 'work',
      'controller-uid': uid,
      'batch.kubernetes.io/controller-uid': uid,
    });
    expect(await events(cluster)).toEqual([
      'Normal SuccessfulCreate: Created pod: work-…',
      'Normal Completed: Job completed',
    ]);
  });

  test('runs no more Pods at a time than its parallelism, until it has its completions', async () => {
    const cluster = await started(job('completions: 5\nparallelism: 2', 'sleep 10'));
    expect(await status(cluster)).toMatchObject({ active: 2, ready: 2 });
    await cluster.advance('12s');
    expect(await status(cluster)).toMatchObject({ active: 2, succeeded: 2 });
    await cluster.advance('30s');
    expect(await status(cluster)).toMatchObject({ succeeded: 5 });
    expect(await pods(cluster)).toHaveLength(5);
  });

  test('without completions ends once a Pod has succeeded and all others have ended', async () => {
    const cluster = await started(job('parallelism: 3', 'test -e /no || sleep 5'));
    await cluster.advance('10s');
    expect(await conditions(cluster)).toContain('Complete: CompletionsReached');
    expect(await status(cluster)).toMatchObject({ succeeded: 3 });
  });

  test('waits longer after each failure, and fails after the last that is allowed', async () => {
    const cluster = await started(job('backoffLimit: 3', 'exit 3'));
    await cluster.advance('5m');
    expect(await starts(cluster)).toEqual([0, 10, 30, 70]);
    expect(await status(cluster)).toMatchObject({ failed: 4, ready: 0 });
    expect((await status(cluster))?.completionTime).toBeUndefined();
    expect(await conditions(cluster)).toEqual(['FailureTarget: BackoffLimitExceeded', 'Failed: BackoffLimitExceeded']);
    expect(await events(cluster)).toContain(
      'Warning BackoffLimitExceeded: Job has reached the specified backoff limit',
    );
  });

  test('whose Pods restart by themselves fails with their restarts', async () => {
    const cluster = await started(job('backoffLimit: 2', 'exit 3', 'OnFailure'));
    await cluster.advance('5m');
    expect(await conditions(cluster)).toEqual(['FailureTarget: BackoffLimitExceeded', 'Failed: BackoffLimitExceeded']);
    expect(await pods(cluster)).toEqual([]);
  });

  test('that is active for too long fails, and its Pods are deleted', async () => {
    const cluster = await started(job('activeDeadlineSeconds: 30\nparallelism: 2\ncompletions: 2', 'sleep 1000'));
    await cluster.advance('29s');
    expect(await conditions(cluster)).toEqual([]);
    await cluster.advance('5s');
    expect(await conditions(cluster)).toEqual(['FailureTarget: DeadlineExceeded', 'Failed: DeadlineExceeded']);
    expect(await status(cluster)).toMatchObject({ failed: 2, terminating: 0 });
    expect(await pods(cluster)).toEqual([]);
    expect(await events(cluster)).toContain('Warning DeadlineExceeded: Job was active longer than specified deadline');
  });

  test('is suspended and resumed, and then has its whole time again', async () => {
    const cluster = await started(job('suspend: true\nactiveDeadlineSeconds: 60', 'sleep 40'));
    expect(await pods(cluster)).toEqual([]);
    expect(await conditions(cluster)).toEqual(['Suspended: JobSuspended']);
    expect((await status(cluster))?.startTime).toBeUndefined();
    await patch(cluster, { suspend: false });
    await cluster.advance('30s');
    await patch(cluster, { suspend: true });
    await cluster.advance('100s');
    expect(await status(cluster)).toMatchObject({ ready: 0, terminating: 0 });
    expect((await status(cluster))?.failed).toBeUndefined();
    expect(await pods(cluster)).toEqual([]);
    await patch(cluster, { suspend: false });
    await cluster.advance('50s');
    expect(await status(cluster)).toMatchObject({ startTime: '2026-01-01T00:02:10Z', succeeded: 1 });
    expect((await events(cluster)).filter((text) => /Suspended|Resumed/.test(text))).toEqual([
      'Normal Suspended: Job suspended',
      'Normal Resumed: Job resumed',
    ]);
  });

  test('replaces a Pod that is deleted, and counts it as failed', async () => {
    const cluster = await started(job('', 'sleep 1000'));
    const [pod] = await pods(cluster);
    await cluster.client.delete(Pod, `default/${pod?.metadata.name}`);
    await cluster.advance('15s');
    expect(await status(cluster)).toMatchObject({ active: 1, failed: 1 });
    expect((await pods(cluster)).map(({ metadata }) => metadata.name)).not.toContain(pod?.metadata.name);
  });

  test('is left alone if another controller manages it', async () => {
    const cluster = await started(job('managedBy: example.com/mine'));
    expect(await status(cluster)).toEqual({});
  });

  test('is deleted together with its Pods, which it need not count any more', async () => {
    const cluster = await started(job('parallelism: 3\ncompletions: 3', 'sleep 1000'));
    await cluster.client.delete(Job, key, { propagationPolicy: 'Background' });
    await cluster.advance('10s');
    expect(await pods(cluster)).toEqual([]);
  });

  test('that is deleted in the foreground goes last', async () => {
    const cluster = await started(job('parallelism: 3\ncompletions: 3', 'sleep 1000'));
    await cluster.client.delete(Job, key, { propagationPolicy: 'Foreground' });
    await cluster.advance('10s');
    expect(await pods(cluster)).toEqual([]);
    expect(await cluster.list(Job)).toEqual([]);
  });

  test('leaves its Pods behind without a finalizer if nothing else is asked for', async () => {
    const cluster = await started(job('', 'sleep 1000'));
    await cluster.client.delete(Job, key);
    await cluster.advance('10s');
    expect(await cluster.list(Job)).toEqual([]);
    expect((await pods(cluster)).map(({ metadata }) => [metadata.finalizers, metadata.ownerReferences])).toEqual([
      [undefined, undefined],
    ]);
  });
});

describe("a Job's failure policy", () => {
  const policy = (rule: string) => `podFailurePolicy: { rules: [${rule}] }`;

  test('fails the Job at an exit code', async () => {
    const cluster = await started(
      job(policy('{ action: FailJob, onExitCodes: { operator: In, values: [42] } }'), 'exit 42'),
    );
    const [pod] = await pods(cluster);
    const message = `Container main for pod default/${pod?.metadata.name} failed with exit code 42 matching FailJob rule at index 0`;
    expect((await status(cluster))?.conditions).toMatchObject([
      { type: 'FailureTarget', reason: 'PodFailurePolicy', message },
      { type: 'Failed', reason: 'PodFailurePolicy', message },
    ]);
    expect(await status(cluster)).toMatchObject({ failed: 1 });
  });

  test('ignores failures', async () => {
    const cluster = await started(
      job(
        `backoffLimit: 0\n${policy('{ action: Ignore, onExitCodes: { operator: NotIn, values: [1] } }')}`,
        'sleep 1; exit 2',
      ),
    );
    await cluster.advance('40s');
    expect((await pods(cluster)).length).toBeGreaterThan(2);
    expect(await conditions(cluster)).toEqual([]);
    expect((await status(cluster))?.failed).toBeUndefined();
  });
});

describe('an Indexed Job', () => {
  test('gives each Pod its index', async () => {
    const cluster = await started(job('completionMode: Indexed\ncompletions: 4\nparallelism: 4', 'sleep 5'));
    const [pod] = (await pods(cluster)).filter(
      ({ metadata }) => metadata.annotations?.['batch.kubernetes.io/job-completion-index'] === '2',
    );
    expect(pod?.metadata.name).toMatch(/^work-2-/);
    expect(pod?.metadata.labels).toMatchObject({ 'batch.kubernetes.io/job-completion-index': '2' });
    expect(pod?.spec.hostname).toBe('work-2');
    expect(pod?.spec.containers[0]?.env).toEqual([
      {
        name: 'JOB_COMPLETION_INDEX',
        valueFrom: {
          fieldRef: { apiVersion: 'v1', fieldPath: "metadata.labels['batch.kubernetes.io/job-completion-index']" },
        },
      },
    ]);
    await cluster.advance('10s');
    expect(await status(cluster)).toMatchObject({ succeeded: 4, completedIndexes: '0-3' });
  });

  test('tries a failed index again', async () => {
    const script = 'test $JOB_COMPLETION_INDEX != 1 || exit 1';
    const cluster = await started(
      job('completionMode: Indexed\ncompletions: 3\nparallelism: 3\nbackoffLimit: 1', script),
    );
    await cluster.advance('1m');
    expect(await status(cluster)).toMatchObject({ succeeded: 2, failed: 2, completedIndexes: '0,2' });
    expect(await conditions(cluster)).toContain('Failed: BackoffLimitExceeded');
  });

  test('gives each index its own limit, and fails at the end', async () => {
    const script = 'test $JOB_COMPLETION_INDEX != 1 || exit 1';
    const cluster = await started(
      job('completionMode: Indexed\ncompletions: 3\nparallelism: 1\nbackoffLimitPerIndex: 2', script),
    );
    await cluster.advance('5m');
    expect(await status(cluster)).toMatchObject({
      succeeded: 2,
      failed: 3,
      completedIndexes: '0,2',
      failedIndexes: '1',
    });
    expect(await conditions(cluster)).toEqual(['FailureTarget: FailedIndexes', 'Failed: FailedIndexes']);
    const failures = (await pods(cluster)).flatMap(
      ({ metadata }) => metadata.annotations?.['batch.kubernetes.io/job-index-failure-count'] ?? [],
    );
    expect(failures.sort()).toEqual(['0', '0', '0', '1', '2']);
  });

  test('fails as soon as too many indexes have', async () => {
    const cluster = await started(
      job(
        'completionMode: Indexed\ncompletions: 9\nparallelism: 2\nbackoffLimitPerIndex: 0\nmaxFailedIndexes: 2',
        'exit 1',
      ),
    );
    await cluster.advance('1m');
    expect(await conditions(cluster)).toContain('Failed: MaxFailedIndexesExceeded');
  });

  test('has succeeded when its success policy says so, and stops the rest', async () => {
    const script = 'test $JOB_COMPLETION_INDEX = 0 || sleep 1000';
    const cluster = await started(
      job(
        'completionMode: Indexed\ncompletions: 3\nparallelism: 3\nsuccessPolicy: { rules: [{ succeededIndexes: "0" }] }',
        script,
      ),
    );
    await cluster.advance('5s');
    expect(await conditions(cluster)).toEqual(['SuccessCriteriaMet: SuccessPolicy', 'Complete: SuccessPolicy']);
    expect((await status(cluster))?.conditions?.[1]?.message).toBe('Matched rules at index 0');
    expect(await status(cluster)).toMatchObject({ succeeded: 1, completedIndexes: '0', terminating: 0 });
    expect((await status(cluster))?.failed).toBeUndefined();
  });

  test('is made larger and smaller', async () => {
    const cluster = await started(job('completionMode: Indexed\ncompletions: 2\nparallelism: 2', 'sleep 100'));
    await patch(cluster, { completions: 4, parallelism: 4 });
    await cluster.advance('2s');
    expect(await status(cluster)).toMatchObject({ active: 4 });
    await patch(cluster, { completions: 1, parallelism: 1 });
    await cluster.advance('5s');
    expect(await status(cluster)).toMatchObject({ active: 1, terminating: 0 });
    await cluster.advance('100s');
    expect(await status(cluster)).toMatchObject({ succeeded: 1, completedIndexes: '0' });
  });
});
