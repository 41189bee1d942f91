import type { Job, Pod, Stored } from '@orrery/api';
import { expect, test } from 'vitest';
import { type FailureVerdict, failureVerdict, isCounted } from './failure-policy.ts';
import { jobPodOf, testJob } from './job.fixture.ts';

type Rule = NonNullable<Job['spec']['podFailurePolicy']>['rules'][number];

const exit = (exitCode: number) => jobPodOf('x', { phase: 'Failed', exitCode });
const disrupted = jobPodOf('x', {
  phase: 'Failed',
  exitCode: 137,
  conditions: [{ type: 'DisruptionTarget', status: 'True' }],
});
const codes = (
  action: Rule['action'],
  operator: 'In' | 'NotIn',
  values: readonly number[],
  containerName?: string,
): Rule => ({
  action,
  onExitCodes: { operator, values, ...(containerName === undefined ? {} : { containerName }) },
});
const condition = (action: Rule['action'], type: string, status?: string): Rule => ({
  action,
  onPodConditions: [{ type, ...(status === undefined ? {} : { status }) }] as NonNullable<Rule['onPodConditions']>,
});

test.each<[string, readonly Rule[], Stored<Pod>, FailureVerdict]>([
  ['none without rules', [], exit(1), {}],
  ['none where no rule matches', [codes('FailJob', 'In', [2])], exit(1), {}],
  [
    'that of an exit code',
    [codes('FailJob', 'In', [1, 2])],
    exit(2),
    {
      action: 'FailJob',
      message: 'Container main for pod default/x failed with exit code 2 matching FailJob rule at index 0',
    },
  ],
  ['that of no other exit code', [codes('Ignore', 'NotIn', [1, 2])], exit(3), { action: 'Ignore' }],
  ['none where the exit code is excluded', [codes('Ignore', 'NotIn', [1, 2])], exit(2), {}],
  ['none of containers that succeeded', [codes('Ignore', 'NotIn', [1])], exit(0), {}],
  ['that of its container', [codes('Ignore', 'In', [1], 'main')], exit(1), { action: 'Ignore' }],
  ['none of another container', [codes('Ignore', 'In', [1], 'other')], exit(1), {}],
  ['that of a condition', [condition('Ignore', 'DisruptionTarget')], disrupted, { action: 'Ignore' }],
  ['none of a condition of another status', [condition('Ignore', 'DisruptionTarget', 'False')], disrupted, {}],
  [
    'that of the first rule that matches',
    [codes('FailIndex', 'In', [1]), condition('FailJob', 'DisruptionTarget'), codes('Count', 'In', [137])],
    disrupted,
    { action: 'FailJob', message: 'Pod default/x has condition DisruptionTarget matching FailJob rule at index 1' },
  ],
  ['Count', [codes('Count', 'In', [137]), condition('Ignore', 'DisruptionTarget')], disrupted, { action: 'Count' }],
])('the policy of a Job says: %s', (_, rules, pod, verdict) => {
  expect(failureVerdict(testJob({ podFailurePolicy: { rules } }), pod)).toEqual(verdict);
});

test('the exit code of an init container counts where no container matches', () => {
  const pod = exit(1);
  const [status] = pod.status?.containerStatuses ?? [];
  if (status === undefined) throw new Error('no status');
  const init = { ...status, name: 'init', state: { terminated: { exitCode: 9 } } };
  const { message } = failureVerdict(testJob({ podFailurePolicy: { rules: [codes('FailJob', 'In', [9])] } }), {
    ...pod,
    status: { ...pod.status, initContainerStatuses: [init] },
  });
  expect(message).toBe('Container init for pod default/x failed with exit code 9 matching FailJob rule at index 0');
});

test('all failures count but those that the policy ignores', () => {
  const job = testJob({ podFailurePolicy: { rules: [codes('Ignore', 'In', [1]), codes('Count', 'In', [2])] } });
  expect([1, 2, 3].map((code) => isCounted(job, exit(code)))).toEqual([false, true, true]);
  expect(isCounted(testJob(), exit(1))).toBe(true);
});
