import type { Job } from '@orrery/api';
import { expect, test } from 'vitest';
import { testJob } from '../job/job.fixture.ts';
import { untilExpired } from './controller.ts';

const now = Date.parse('2026-01-01T00:01:00Z');
const over = (type: string, status: 'True' | 'False' = 'True'): Job['status'] => ({
  conditions: [{ type, status, lastTransitionTime: '2026-01-01T00:00:00Z' }],
});
const ttl = (seconds: number) => ({ ttlSecondsAfterFinished: seconds });

test.each<[rule: string, job: ReturnType<typeof testJob>, wait: number | undefined]>([
  ['lasts some time after its success', testJob(ttl(90), over('Complete')), 30_000],
  ['lasts some time after its failure', testJob(ttl(90), over('Failed')), 30_000],
  ['is expired then', testJob(ttl(60), over('Complete')), 0],
  ['is expired at once with no time at all', testJob(ttl(0), over('Complete')), 0],
  ['lasts while it goes on', testJob(ttl(0), over('Complete', 'False')), undefined],
  ['lasts while its Pods end', testJob(ttl(0), over('FailureTarget')), undefined],
  ['lasts without a time', testJob({}, over('Complete')), undefined],
])('a Job %s', (_, job, wait) => {
  expect(untilExpired(job, now)).toBe(wait);
});

test('a Job that is being deleted is left alone', () => {
  const job = testJob(ttl(0), over('Complete'));
  const metadata = { ...job.metadata, deletionTimestamp: '2026-01-01T00:00:30Z' };
  expect(untilExpired({ ...job, metadata }, now)).toBeUndefined();
});
