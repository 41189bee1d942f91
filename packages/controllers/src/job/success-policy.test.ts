import { expect, test } from 'vitest';
import { parseIntervals } from './intervals.ts';
import { testJob } from './job.fixture.ts';
import { metSuccessPolicy } from './success-policy.ts';

test.each<[rules: readonly object[], succeeded: string, met: number | undefined]>([
  [[{ succeededIndexes: '0-1' }], '', undefined],
  [[{ succeededIndexes: '0-1' }], '0,2', undefined],
  [[{ succeededIndexes: '0-1' }], '0,1', 0],
  [[{ succeededCount: 2 }], '3', undefined],
  [[{ succeededCount: 2 }], '3,5', 0],
  [[{ succeededIndexes: '0-3', succeededCount: 2 }], '0,5', undefined],
  [[{ succeededIndexes: '0-3', succeededCount: 2 }], '0,3,5', 0],
  [[{ succeededIndexes: '9' }, { succeededCount: 1 }], '0', 1],
])('of the rules %o with %o succeeded', (rules, succeeded, met) => {
  const job = testJob({ completionMode: 'Indexed', completions: 10, successPolicy: { rules } });
  const message = met === undefined ? undefined : `Matched rules at index ${met}`;
  expect(metSuccessPolicy(job, parseIntervals(succeeded, 10))).toBe(message);
});

test('a Job without a policy has none that is met', () => {
  expect(metSuccessPolicy(testJob({ completions: 3 }), parseIntervals('0-2', 3))).toBeUndefined();
});
