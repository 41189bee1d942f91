import type { Pod, Stored } from '@orrery/api';
import { expect, test } from 'vitest';
import { testPod } from '../workload/objects.fixture.ts';
import { type BackOff, finishTime, nextBackOff, noBackOff, remainingWait, remainingWaitAfter } from './back-off.ts';
import { failureCountKey, ignoredFailureCountKey } from './completion-index.ts';
import { jobPodOf } from './job.fixture.ts';

const minute = Date.parse('2026-01-01T00:01:00Z');
const seconds = (count: number) => new Date(minute + count * 1000).toISOString();
const failedAt = (count: number) => jobPodOf(`failed-${count}`, { phase: 'Failed', exitCode: 1, end: seconds(count) });
const succeededAt = (count: number) =>
  jobPodOf(`succeeded-${count}`, { phase: 'Succeeded', exitCode: 0, end: seconds(count) });

test.each<[failures: number, seconds: number]>([
  [0, 0],
  [1, 10],
  [2, 20],
  [3, 40],
  [6, 320],
  [7, 600],
  [2000, 600],
])('after %d failures a Job waits %d s', (failures, wait) => {
  expect(remainingWait({ failures, lastFailure: minute }, minute)).toBe(wait * 1000);
});

test('what has passed since the last failure is not waited for again', () => {
  expect(remainingWait({ failures: 2, lastFailure: minute }, minute + 15_000)).toBe(5000);
  expect(remainingWait({ failures: 2, lastFailure: minute }, minute + 25_000)).toBe(0);
});

const twice: BackOff = { failures: 2, lastFailure: minute };

test.each<[string, BackOff, succeeded: Stored<Pod>[], failed: Stored<Pod>[], BackOff]>([
  ['nothing ended', twice, [], [], twice],
  ['one failed', noBackOff, [], [failedAt(1)], { failures: 1, lastFailure: minute + 1000 }],
  ['two more failed', twice, [], [failedAt(5), failedAt(3)], { failures: 4, lastFailure: minute + 5000 }],
  ['one succeeded', twice, [succeededAt(1)], [], noBackOff],
  ['one succeeded after one failed', twice, [succeededAt(2)], [failedAt(1)], noBackOff],
  [
    'one failed after one succeeded',
    twice,
    [succeededAt(1)],
    [failedAt(2)],
    { failures: 1, lastFailure: minute + 2000 },
  ],
])('the back-off when %s', (_, before, succeeded, failed, after) => {
  expect(nextBackOff(before, succeeded, failed)).toEqual(after);
});

test('an index waits longer with each of its failures, those that were ignored too', () => {
  const annotations = { [failureCountKey]: '1', [ignoredFailureCountKey]: '1' };
  expect(remainingWaitAfter(failedAt(0), minute)).toBe(10_000);
  expect(remainingWaitAfter(jobPodOf('x', { phase: 'Failed', exitCode: 1, annotations }), minute)).toBe(40_000);
});

const terminated = (name: string, finishedAt: string) => ({
  name,
  image: 'busybox',
  imageID: '',
  ready: false,
  restartCount: 0,
  state: { terminated: { exitCode: 1, finishedAt } },
});

test.each<[string, Stored<Pod>, string]>([
  [
    'the end of its last container',
    testPod('a', { status: { containerStatuses: [terminated('a', seconds(1)), terminated('b', seconds(9))] } }),
    seconds(9),
  ],
  [
    'the end of its sidecars',
    testPod('b', {
      spec: { initContainers: [{ name: 's', restartPolicy: 'Always' }, { name: 'i' }] },
      status: {
        containerStatuses: [terminated('a', seconds(1))],
        initContainerStatuses: [terminated('s', seconds(5)), terminated('i', seconds(7))],
      },
    }),
    seconds(5),
  ],
  [
    'when it was no longer ready',
    testPod('c', { status: { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: seconds(4) }] } }),
    seconds(4),
  ],
  [
    'when its deletion was asked for',
    testPod('d', { metadata: { deletionTimestamp: seconds(40), deletionGracePeriodSeconds: 30 } }),
    seconds(10),
  ],
  ['its creation', testPod('e', { metadata: { creationTimestamp: seconds(3) } }), seconds(3)],
])('a Pod has ended at %s', (_, pod, time) => {
  expect(finishTime(pod)).toBe(Date.parse(time));
});
