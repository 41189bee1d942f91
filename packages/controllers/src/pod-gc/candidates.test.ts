import { expect, test } from 'vitest';
import { testPod } from '../workload/objects.fixture.ts';
import { excessTerminated } from './candidates.ts';

const ended = (name: string, day: number, reason?: string) =>
  testPod(name, {
    metadata: { creationTimestamp: `2026-01-0${day}T00:00:00Z` },
    status: { phase: 'Failed', ...(reason === undefined ? {} : { reason }) },
  });

test('of too many ended Pods the evicted ones go first, then the oldest', () => {
  const pods = [ended('new', 3), ended('old', 1), ended('mid', 2), ended('evicted', 4, 'Evicted')];
  expect(excessTerminated(pods, 1).map(({ metadata }) => metadata.name)).toEqual(['evicted', 'old', 'mid']);
  expect(excessTerminated(pods, 4)).toEqual([]);
});
