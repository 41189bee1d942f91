import type { Job, Pod, Stored } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { assess, untilDeadline } from './assessment.ts';
import { formatIntervals } from './intervals.ts';
import { jobPodOf, jobPodsOf, testJob } from './job.fixture.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const now = start + 120_000;
const failed = (name: string, more: Parameters<typeof jobPodOf>[1] = {}) =>
  jobPodOf(name, { phase: 'Failed', ...more });
const succeeded = (name: string, more: Parameters<typeof jobPodOf>[1] = {}) =>
  jobPodOf(name, { phase: 'Succeeded', ...more });
const indexed = { completionMode: 'Indexed', completions: 4 } as const;
const perIndex = { ...indexed, backoffLimit: 2_147_483_647, backoffLimitPerIndex: 1 };
const tried = (count: number) => ({ 'batch.kubernetes.io/job-index-failure-count': `${count}` });
const failIf = (rule: object) => ({ podFailurePolicy: { rules: [rule] } }) as Partial<Job['spec']>;
const condition = (type: string) => ({ type, status: 'True' as const, reason: 'Former', message: 'before' });
const onFailure = { template: { spec: { restartPolicy: 'OnFailure', containers: [] } } } as Partial<Job['spec']>;

describe('a Job', () => {
  test.each<[rule: string, job: Stored<Job>, pods: readonly Stored<Pod>[], reason: string | undefined]>([
    ['goes on within its back-off limit', testJob({ backoffLimit: 1 }), [failed('a')], undefined],
    [
      'fails beyond its back-off limit',
      testJob({ backoffLimit: 1 }, { failed: 1 }),
      [failed('a')],
      'BackoffLimitExceeded',
    ],
    [
      'counts those that its status names',
      testJob({ backoffLimit: 0 }, { uncountedTerminatedPods: { failed: ['x'] } }),
      [],
      'BackoffLimitExceeded',
    ],
    [
      'counts a Pod that its status names once',
      testJob({ backoffLimit: 1 }, { uncountedTerminatedPods: { failed: ['uid-a'] } }),
      [failed('a')],
      undefined,
    ],
    [
      'does not count again what has been counted',
      testJob({ backoffLimit: 0 }),
      [failed('a', { tracked: false })],
      undefined,
    ],
    [
      'counts a Pod that is being deleted',
      testJob({ backoffLimit: 0 }),
      [jobPodOf('a', { deleted: true })],
      'BackoffLimitExceeded',
    ],
    [
      'counts it only once it has failed, if only those are replaced',
      testJob({ backoffLimit: 0, podReplacementPolicy: 'Failed' }),
      [jobPodOf('a', { deleted: true })],
      undefined,
    ],
    [
      'fails with as many restarts as its limit',
      testJob({ ...onFailure, backoffLimit: 2 }),
      [jobPodOf('a', { restarts: 1 }), jobPodOf('b', { restarts: 1 })],
      'BackoffLimitExceeded',
    ],
    [
      'without a limit goes on until the first restart',
      testJob({ ...onFailure, backoffLimit: 0 }),
      [jobPodOf('a')],
      undefined,
    ],
    ['fails after its deadline', testJob({ activeDeadlineSeconds: 120 }), [jobPodOf('a')], 'DeadlineExceeded'],
    ['goes on before its deadline', testJob({ activeDeadlineSeconds: 121 }), [jobPodOf('a')], undefined],
    ['has no deadline while it is suspended', testJob({ activeDeadlineSeconds: 1, suspend: true }), [], undefined],
    ['keeps its former verdict', testJob({}, { conditions: [condition('FailureTarget')] }), [], 'Former'],
    [
      'keeps its success, whatever fails later',
      testJob({ backoffLimit: 0 }, { conditions: [condition('SuccessCriteriaMet')] }),
      [failed('a')],
      'Former',
    ],
    [
      'fails at an exit code',
      testJob(failIf({ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } })),
      [failed('a', { exitCode: 42 })],
      'PodFailurePolicy',
    ],
    [
      'goes on at another exit code',
      testJob(failIf({ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } })),
      [failed('a')],
      undefined,
    ],
    [
      "goes on at another container's exit code",
      testJob(failIf({ action: 'FailJob', onExitCodes: { containerName: 'x', operator: 'In', values: [1] } })),
      [failed('a')],
      undefined,
    ],
    [
      'fails at a condition',
      testJob(failIf({ action: 'FailJob', onPodConditions: [{ type: 'ConfigIssue', status: 'True' }] })),
      [failed('a', { conditions: [{ type: 'ConfigIssue', status: 'True' }] })],
      'PodFailurePolicy',
    ],
    [
      'ignores failures',
      testJob({ backoffLimit: 0, ...failIf({ action: 'Ignore', onExitCodes: { operator: 'NotIn', values: [42] } }) }),
      [failed('a')],
      undefined,
    ],
    [
      'counts failures that a rule counts',
      testJob({ backoffLimit: 0, ...failIf({ action: 'Count', onExitCodes: { operator: 'In', values: [1] } }) }),
      [failed('a')],
      'BackoffLimitExceeded',
    ],
    [
      'fails with too many failed indexes',
      testJob({ ...perIndex, maxFailedIndexes: 0 }),
      [failed('a', { index: 0, annotations: tried(1) })],
      'MaxFailedIndexesExceeded',
    ],
    [
      'goes on while an index may be tried again',
      testJob(perIndex, { completedIndexes: '1-3' }),
      [failed('a', { index: 0, annotations: tried(0) })],
      undefined,
    ],
    [
      'fails at the end with a failed index',
      testJob(perIndex, { completedIndexes: '1-3' }),
      [failed('a', { index: 0, annotations: tried(1) })],
      'FailedIndexes',
    ],
    [
      'fails an index at once',
      testJob(
        { ...perIndex, ...failIf({ action: 'FailIndex', onExitCodes: { operator: 'In', values: [1] } }) },
        { completedIndexes: '1-3' },
      ),
      [failed('a', { index: 0, annotations: tried(0) })],
      'FailedIndexes',
    ],
    [
      'succeeds with the indexes that its policy names',
      testJob({ ...indexed, successPolicy: { rules: [{ succeededIndexes: '0,2' }] } }, { completedIndexes: '0' }),
      [succeeded('a', { index: 2 })],
      'SuccessPolicy',
    ],
    [
      'succeeds with some of them',
      testJob({ ...indexed, successPolicy: { rules: [{ succeededIndexes: '0-2', succeededCount: 1 }] } }),
      [succeeded('a', { index: 2 })],
      'SuccessPolicy',
    ],
    [
      'goes on with others',
      testJob({ ...indexed, successPolicy: { rules: [{ succeededIndexes: '0' }] } }),
      [succeeded('a', { index: 2 })],
      undefined,
    ],
    [
      'succeeds with any number of indexes',
      testJob({ ...indexed, successPolicy: { rules: [{ succeededCount: 2 }] } }, { completedIndexes: '0' }),
      [succeeded('a', { index: 2 })],
      'SuccessPolicy',
    ],
  ])('%s', (_, job, pods, reason) => {
    expect(assess(job, jobPodsOf(...pods), start, now).verdict?.reason).toBe(reason);
  });

  test('says which Pod and rule it fails for', () => {
    const pod = failed('a', { exitCode: 42 });
    const rule = { action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } };
    expect(assess(testJob(failIf(rule)), jobPodsOf(pod), start, now).verdict).toEqual({
      type: 'Failed',
      reason: 'PodFailurePolicy',
      message: 'Container main for pod default/a failed with exit code 42 matching FailJob rule at index 0',
    });
  });

  test('with indexes leaves out Pods with none of them, and repeated ones', () => {
    const pods = [
      succeeded('a', { index: 1 }),
      succeeded('b', { index: 1 }),
      succeeded('c', { index: 9 }),
      succeeded('d'),
    ];
    const { succeeded: count, indexes } = assess(
      testJob(indexed, { completedIndexes: '0' }),
      jobPodsOf(...pods),
      start,
      now,
    );
    expect(count).toBe(2);
    expect(formatIntervals(indexes?.succeeded ?? [])).toBe('0,1');
  });

  test('keeps the last failed Pod of an index until another is active', () => {
    const first = failed('a', { index: 0, annotations: tried(0) });
    const awaiting = (...pods: readonly Stored<Pod>[]) =>
      assess(testJob(perIndex), jobPodsOf(...pods), start, now).indexes?.awaiting;
    expect(awaiting(first)).toEqual(new Map([[0, first]]));
    expect(awaiting(first, jobPodOf('b', { index: 0 }))).toEqual(new Map());
    expect(awaiting(failed('c', { index: 0, annotations: tried(1) }))).toEqual(new Map());
  });

  test('knows how long it has until its deadline', () => {
    expect(untilDeadline(testJob({ activeDeadlineSeconds: 150 }), start, now)).toBe(30_000);
    expect(untilDeadline(testJob(), start, now)).toBeUndefined();
  });
});
