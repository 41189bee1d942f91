import type { Pod, Stored } from '@orrery/api';
import { array, assert, boolean, constantFrom, integer, nat, option, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import { jobPodOf, jobPodsOf } from './job.fixture.ts';
import type { JobPods } from './job-pods.ts';

/** All that can be read of them. */
function read(pods: JobPods): unknown {
  const names = (of: ReadonlyMap<string, Stored<Pod>>) => [...of.values()].map(({ metadata }) => metadata.name).sort();
  const { active, tracked, ended, ready, terminating, restarts, activeIndexes, terminatingIndexes } = pods;
  const indexes = [0, 1, 2, 3].map((index) => [activeIndexes.has(index), terminatingIndexes.has(index)]);
  return [
    names(active),
    names(tracked),
    names(ended),
    ready,
    terminating,
    restarts,
    indexes,
    activeIndexes.mayHaveWrong(99),
  ];
}

const state = record({
  pod: nat({ max: 5 }),
  phase: constantFrom('Pending', 'Running', 'Succeeded', 'Failed'),
  index: option(nat({ max: 3 }), { nil: undefined }),
  deleted: boolean(),
  tracked: boolean(),
  ready: boolean(),
  restarts: integer({ min: 0, max: 3 }),
  gone: boolean(),
});

test('Pods that are kept as they change are those that there are', () => {
  assert(
    property(array(state), (changes) => {
      const kept = jobPodsOf();
      const now = new Map<number, Stored<Pod>>();
      for (const { pod, gone, index, ...parts } of changes) {
        const before = now.get(pod);
        if (before !== undefined) kept.remove(before);
        now.delete(pod);
        if (gone) continue;
        const after = jobPodOf(`p${pod}`, { ...parts, ...(index === undefined ? {} : { index }) });
        kept.add(after);
        now.set(pod, after);
      }
      expect(read(kept)).toEqual(read(jobPodsOf(...now.values())));
    }),
  );
});

test('labels are told apart without those of the index', () => {
  const pods = jobPodsOf(jobPodOf('a', { index: 0 }), jobPodOf('b', { index: 1 }));
  const seen: unknown[] = [];
  expect(pods.everyLabels((labels) => seen.push(labels) > 0)).toBe(true);
  expect(seen).toEqual([{}]);
});
