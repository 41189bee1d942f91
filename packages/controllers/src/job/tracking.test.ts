import type { Job, Pod, Stored } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { assess } from './assessment.ts';
import type { JobStatus, Verdict } from './conditions.ts';
import { jobPodOf, jobPodsOf, testJob } from './job.fixture.ts';
import { isSettled, settled, track } from './tracking.ts';

const now = Date.parse('2026-01-01T00:02:00Z');
const done = (name: string, index?: number) =>
  jobPodOf(name, { phase: 'Succeeded', ...(index === undefined ? {} : { index }) });
const failed = (name: string, index?: number) =>
  jobPodOf(name, { phase: 'Failed', ...(index === undefined ? {} : { index }) });
const indexed = { completionMode: 'Indexed', completions: 4 } as const;
const failure: Verdict = { type: 'Failed', reason: 'X', message: 'x' };
const success: Verdict = { type: 'Complete', reason: 'X', message: 'x' };

function tracked(job: Stored<Job>, pods: readonly Stored<Pod>[], verdict?: Verdict) {
  const all = jobPodsOf(...pods);
  const { status, release, isFull } = track(job, job.status ?? {}, pods, assess(job, all, now, now), verdict);
  return { status, release: release.map(({ metadata }) => metadata.name), isFull };
}

describe('Pods that have ended', () => {
  test.each<[string, Stored<Job>, readonly Stored<Pod>[], Verdict | undefined, JobStatus, readonly string[]]>([
    [
      'are named before they are released',
      testJob(),
      [failed('b'), done('a')],
      undefined,
      { uncountedTerminatedPods: { succeeded: ['uid-a'], failed: ['uid-b'] } },
      ['a', 'b'],
    ],
    [
      'are named once',
      testJob({}, { uncountedTerminatedPods: { succeeded: ['uid-a'] } }),
      [done('a')],
      undefined,
      { uncountedTerminatedPods: { succeeded: ['uid-a'] } },
      ['a'],
    ],
    [
      'are known by their index',
      testJob(indexed, { completedIndexes: '0', succeeded: 1 }),
      [done('b', 3), done('a', 1), done('again', 0)],
      undefined,
      { completedIndexes: '0,1,3', succeeded: 3, uncountedTerminatedPods: {} },
      ['again', 'a', 'b'],
    ],
    [
      'of no index of the Job are released uncounted',
      testJob(indexed),
      [failed('a', 9), done('b')],
      undefined,
      { uncountedTerminatedPods: {} },
      ['b', 'a'],
    ],
    [
      'of an index wait for the next of that index',
      testJob({ ...indexed, backoffLimitPerIndex: 2 }),
      [failed('a', 0)],
      undefined,
      { failedIndexes: '', uncountedTerminatedPods: {} },
      [],
    ],
    [
      'that run fail with their Job',
      testJob(),
      [jobPodOf('a')],
      failure,
      { uncountedTerminatedPods: { failed: ['uid-a'] } },
      ['a'],
    ],
    [
      'that run do not fail with a Job that succeeds',
      testJob(),
      [jobPodOf('a')],
      success,
      { uncountedTerminatedPods: {} },
      ['a'],
    ],
    [
      'are not counted if they are ignored',
      testJob({ podFailurePolicy: { rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [1] } }] } }),
      [failed('a')],
      undefined,
      { uncountedTerminatedPods: {} },
      ['a'],
    ],
  ])('%s', (_, job, pods, verdict, status, release) => {
    expect(tracked(job, pods, verdict)).toEqual({ status, release, isFull: false });
  });

  test('are named up to 500 at a time', () => {
    const pods = Array.from({ length: 501 }, (_, i) => done(`p${String(i).padStart(3, '0')}`));
    const { status, release, isFull } = tracked(testJob({ completions: 501 }), pods);
    expect(isFull).toBe(true);
    expect(release).toHaveLength(500);
    expect(status.uncountedTerminatedPods?.succeeded).toHaveLength(500);
  });

  test('are counted once they have lost their finalizers', () => {
    const status = { succeeded: 1, uncountedTerminatedPods: { succeeded: ['a', 'b'], failed: ['c'] } };
    const next = settled(status, (uid) => uid === 'b');
    expect(next).toEqual({ succeeded: 2, failed: 1, uncountedTerminatedPods: { succeeded: ['b'] } });
    expect(isSettled(next)).toBe(false);
    expect(isSettled(settled(next, () => false))).toBe(true);
    expect(settled(next, () => true)).toBe(next);
  });
});
