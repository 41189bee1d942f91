import type { Pod } from '@orrery/api';
import { expect, test } from 'vitest';
import { testPod } from '../workload/objects.fixture.ts';
import { staleIn } from './stale-conditions.ts';

const since = '2026-01-01T00:00:00Z';
const at = (seconds: number) => Date.parse(since) + seconds * 1000;
const target = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', lastTransitionTime: since };

type Case = readonly [string, Pod['status'], { deletionTimestamp?: string }, number, number | undefined];

test.each<Case>([
  ['a Pod that was not deleted, for the rest of two minutes', {}, {}, 30, 90_000],
  ['the same after two minutes', {}, {}, 121, 0],
  ['a Pod that is being deleted', {}, { deletionTimestamp: since }, 121, undefined],
  ['a Pod that has ended', { phase: 'Failed' }, {}, 121, undefined],
  ['what the kubelet says', { conditions: [{ ...target, reason: 'TerminationByKubelet' }] }, {}, 121, undefined],
  ['what was taken back', { conditions: [{ ...target, status: 'False' }] }, {}, 121, undefined],
  ['a Pod that nobody disrupts', { conditions: [] }, {}, 121, undefined],
])('%s', (_what, status, metadata, seconds, wait) => {
  const pod = testPod('a', { metadata, status: { phase: 'Running', conditions: [target], ...status } });
  expect(staleIn(pod, at(seconds))).toBe(wait);
});
