import type { Pod, Stored } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { testPod } from '../workload/objects.fixture.ts';
import { deletionCostAnnotation, podsToDelete } from './deletion-rank.ts';

const now = Date.parse('2026-01-02T00:00:00Z');

interface Parts {
  readonly node?: string;
  readonly phase?: 'Pending' | 'Unknown' | 'Running';
  /** Seconds ago. */
  readonly ready?: number;
  readonly cost?: string;
  readonly restarts?: number;
  /** Seconds ago. */
  readonly age?: number;
}

function pod(
  name: string,
  { node = 'n', phase = 'Running', ready, cost, restarts = 0, age = 3600 }: Parts,
): Stored<Pod> {
  const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();
  const condition = { type: 'Ready', status: 'True', lastTransitionTime: ago(ready ?? 0) };
  return testPod(name, {
    metadata: {
      creationTimestamp: ago(age),
      ...(cost === undefined ? {} : { annotations: { [deletionCostAnnotation]: cost } }),
    },
    spec: node === '' ? {} : { nodeName: node },
    status: {
      phase,
      conditions: ready === undefined ? [] : [condition],
      containerStatuses: [{ name: 'main', image: 'x', imageID: 'x', ready: true, restartCount: restarts }],
    },
  });
}

describe('when there are too many, the first to go is', () => {
  const rows: readonly [rule: string, first: Parts, second: Parts][] = [
    ['one without a node', { node: '', phase: 'Pending' }, { phase: 'Pending' }],
    ['a pending one before an unknown one', { phase: 'Pending' }, { phase: 'Unknown' }],
    ['an unknown one before a running one', { phase: 'Unknown' }, { phase: 'Running' }],
    ['one that is not ready', {}, { ready: 10 }],
    ['the cheaper one', { ready: 1000, cost: '-5' }, { ready: 10 }],
    ['an invalid cost counts as 0', { ready: 1000, cost: '-5' }, { ready: 10, cost: '1.5' }],
    ['one on a node with more of its relatives', { ready: 1000, node: 'crowded' }, { ready: 10 }],
    ['the one that is ready for less long', { ready: 10 }, { ready: 10_000 }],
    ['the one with more restarts', { restarts: 3 }, { restarts: 1 }],
    ['the younger one', { age: 10 }, { age: 10_000 }],
  ];
  test.each(rows)('%s', (_, first, second) => {
    const pods = [pod('second', second), pod('first', first)];
    const related = new Map([
      ['crowded', 2],
      ['n', 1],
    ]);
    expect(podsToDelete(pods, 1, related, now).map(({ metadata }) => metadata.name)).toEqual(['first']);
  });

  test('by uid, when they are ready for about the same time', () => {
    const pods = [pod('b', { ready: 1000 }), pod('a', { ready: 1001 })];
    expect(podsToDelete(pods, 1, new Map(), now)[0]?.metadata.name).toBe('a');
  });
});
