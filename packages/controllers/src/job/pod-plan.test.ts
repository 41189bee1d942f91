import type { Job, Pod, Stored } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { assess } from './assessment.ts';
import { type BackOff, nextBackOff, noBackOff, remainingWait } from './back-off.ts';
import { jobPodOf, jobPodsOf, testJob } from './job.fixture.ts';
import { planPods } from './pod-plan.ts';

const now = Date.parse('2026-01-01T00:01:05Z');
const running = (...names: readonly string[]) => names.map((name) => jobPodOf(name));
const at = (...indexes: readonly number[]) => indexes.map((index) => jobPodOf(`at-${index}`, { index }));
const indexed = { completionMode: 'Indexed', completions: 5, parallelism: 3 } as const;
const perIndex = { ...indexed, backoffLimitPerIndex: 3 };
const failedAt = (index: number, tries: number) =>
  jobPodOf(`failed-${index}`, {
    phase: 'Failed',
    index,
    annotations: { 'batch.kubernetes.io/job-index-failure-count': `${tries}` },
  });

function plan(job: Stored<Job>, pods: readonly Stored<Pod>[], backOff: BackOff = noBackOff): unknown {
  const all = jobPodsOf(...pods);
  const decided = planPods(job, all, assess(job, all, now, now), backOff, now);
  return decided.do === 'delete' ? { do: 'delete', pods: decided.pods.map(({ metadata }) => metadata.name) } : decided;
}

describe('the number of Pods', () => {
  test.each<[rule: string, job: Stored<Job>, pods: readonly Stored<Pod>[], expected: object]>([
    ['grows to the parallelism', testJob({ parallelism: 3, completions: 9 }), running('a'), { do: 'create', count: 2 }],
    [
      'is no more than what is left to do',
      testJob({ parallelism: 3, completions: 9 }, { succeeded: 7 }),
      running('a'),
      { do: 'create', count: 1 },
    ],
    ['is right', testJob({ parallelism: 2, completions: 9 }), running('a', 'b'), { do: 'nothing' }],
    ['of a work queue is the parallelism', testJob({ parallelism: 2 }), [], { do: 'create', count: 2 }],
    [
      'of a work queue no longer grows after a success',
      testJob({ parallelism: 2 }, { succeeded: 1 }),
      running('a'),
      { do: 'nothing' },
    ],
    [
      'shrinks by those that have got least far',
      testJob({ parallelism: 1, completions: 9 }),
      [jobPodOf('ready', { ready: true }), jobPodOf('pending', { phase: 'Pending' })],
      { do: 'delete', pods: ['pending'] },
    ],
    [
      'is none while the Job is suspended',
      testJob({ suspend: true, completions: 1 }),
      running('a'),
      { do: 'delete', pods: ['a'] },
    ],
    [
      'is at most 500 more at a time',
      testJob({ parallelism: 900, completions: 900 }),
      [],
      { do: 'create', count: 500 },
    ],
    [
      'includes those that are being deleted, if only failed ones are replaced',
      testJob({ parallelism: 2, completions: 2, podReplacementPolicy: 'Failed' }),
      [jobPodOf('a', { deleted: true })],
      { do: 'create', count: 1 },
    ],
    [
      'has the lowest indexes that are missing',
      testJob(indexed, { completedIndexes: '0' }),
      at(2),
      { do: 'create', count: 2, indexes: [1, 3] },
    ],
    [
      'has no failed index',
      testJob(perIndex, { failedIndexes: '0-2' }),
      [],
      { do: 'create', count: 2, indexes: [3, 4] },
    ],
    [
      'has no index twice',
      testJob(indexed),
      [...at(0, 1), jobPodOf('again', { index: 1, phase: 'Pending' })],
      { do: 'delete', pods: ['again'] },
    ],
    [
      'has no index that is none of the Job',
      testJob(indexed),
      [...at(0, 7), jobPodOf('none')],
      { do: 'delete', pods: expect.arrayContaining(['at-7', 'none']) },
    ],
    [
      'has those indexes whose wait is over',
      testJob({ ...perIndex, parallelism: 2 }),
      [failedAt(0, 0), failedAt(1, 3)],
      { do: 'create', count: 1, indexes: [2] },
    ],
    [
      'waits for the first index',
      testJob({ ...perIndex, parallelism: 1 }),
      [failedAt(0, 0)],
      { do: 'wait', for: 5000 },
    ],
  ])('%s', (_, job, pods, expected) => {
    expect(plan(job, pods)).toEqual(expected);
  });

  test('grows only after a wait once Pods have failed', () => {
    const backOff = { failures: 2, lastFailure: now - 5000 };
    expect(plan(testJob({ completions: 1 }), [], backOff)).toEqual({ do: 'wait', for: 15_000 });
    expect(plan(testJob({ completions: 1 }), [], { failures: 1, lastFailure: now - 10_000 })).toEqual({
      do: 'create',
      count: 1,
    });
  });
});

describe('the wait after failures', () => {
  test.each([
    [0, 0],
    [1, 10_000],
    [2, 20_000],
    [4, 80_000],
    [7, 600_000],
    [40, 600_000],
  ])('after %d is %d ms', (failures, wait) => {
    expect(remainingWait({ failures, lastFailure: now }, now)).toBe(wait);
  });

  const pod = (phase: 'Failed' | 'Succeeded', end: string) => jobPodOf(`${phase}-${end}`, { phase, end });
  const failures = [pod('Failed', '2026-01-01T00:00:10Z'), pod('Failed', '2026-01-01T00:00:30Z')];
  const lastFailure = Date.parse('2026-01-01T00:00:30Z');

  test('grows with each failure, and begins anew after a success', () => {
    expect(nextBackOff({ failures: 1, lastFailure: 0 }, [], failures)).toEqual({ failures: 3, lastFailure });
    expect(nextBackOff({ failures: 1, lastFailure }, [], [])).toEqual({ failures: 1, lastFailure });
    const success = (end: string) => nextBackOff({ failures: 5, lastFailure: 0 }, [pod('Succeeded', end)], failures);
    expect(success('2026-01-01T00:00:20Z')).toEqual({ failures: 1, lastFailure });
    expect(success('2026-01-01T00:00:40Z')).toEqual(noBackOff);
  });
});
