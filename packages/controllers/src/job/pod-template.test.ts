import type { Job } from '@orrery/api';
import { expect, test } from 'vitest';
import { completionIndexKey, failureCountKey, ignoredFailureCountKey } from './completion-index.ts';
import { jobPodOf, testJob } from './job.fixture.ts';
import { indexedJobPod, jobPod } from './pod-template.ts';

const indexed: Partial<Job['spec']> = { completionMode: 'Indexed', completions: 3 };

test('a Pod of a Job has the finalizer and the owner', () => {
  const { metadata } = jobPod(testJob());
  expect(metadata.generateName).toBe('work-');
  expect(metadata.finalizers).toEqual(['batch.kubernetes.io/job-tracking']);
  expect(metadata.ownerReferences).toMatchObject([{ kind: 'Job', name: 'work', uid: 'job', controller: true }]);
});

test('a Pod of an index has it in its name, a label, an annotation, its hostname and its environment', () => {
  const { metadata, spec } = indexedJobPod(testJob(indexed), 2, undefined);
  expect(metadata.generateName).toBe('work-2-');
  expect(metadata.labels).toEqual({ [completionIndexKey]: '2' });
  expect(metadata.annotations).toEqual({ [completionIndexKey]: '2' });
  expect(spec.hostname).toBe('work-2');
  expect(spec.containers[0]?.env).toEqual([
    {
      name: 'JOB_COMPLETION_INDEX',
      valueFrom: { fieldRef: { fieldPath: `metadata.labels['${completionIndexKey}']` } },
    },
  ]);
});

test('a variable that the template sets is kept', () => {
  const env = [{ name: 'JOB_COMPLETION_INDEX', value: 'mine' }];
  const template: Job['spec']['template'] = { spec: { containers: [{ name: 'main', env }], restartPolicy: 'Never' } };
  expect(indexedJobPod(testJob({ ...indexed, template }), 0, undefined).spec.containers[0]?.env).toEqual(env);
});

const rules: NonNullable<Job['spec']['podFailurePolicy']>['rules'] = [
  { action: 'Ignore', onExitCodes: { operator: 'In', values: [9] } },
];

test.each<[string, exitCode: number | undefined, annotations: { [key: string]: string }, counts: object]>([
  ['the first Pod', undefined, {}, { [failureCountKey]: '0' }],
  ['the one after a failure', 1, { [failureCountKey]: '2' }, { [failureCountKey]: '3' }],
  [
    'the one after a failure that is ignored',
    9,
    { [failureCountKey]: '2', [ignoredFailureCountKey]: '4' },
    { [failureCountKey]: '2', [ignoredFailureCountKey]: '5' },
  ],
])('the failures of an index go from Pod to Pod: %s', (_, exitCode, annotations, counts) => {
  const job = testJob({ ...indexed, backoffLimitPerIndex: 9, podFailurePolicy: { rules } });
  const failed =
    exitCode === undefined ? undefined : jobPodOf('x', { phase: 'Failed', index: 0, exitCode, annotations });
  const awaiting = new Map(failed === undefined ? [] : [[0, failed]]);
  const pod = indexedJobPod(job, 0, { counted: [], succeeded: [], failed: [], awaiting });
  expect(pod.metadata.annotations).toEqual({ [completionIndexKey]: '0', ...counts });
});
