import { expect, test } from 'vitest';
import type { SpecState } from './report.ts';
import { failureList, subjectTable } from './table.ts';

const results = (
  [
    ['network', 'passed'],
    ['apps', 'passed'],
    ['apps', 'failed'],
    ['apps', 'skipped'],
    ['apps', 'not run'],
    ['apps', 'not run'],
  ] as const satisfies readonly (readonly [string, SpecState])[]
).map(([subject, state], at) => ({
  name: `spec ${at}`,
  subject,
  state,
  reason: state === 'failed' ? 'timed out' : '',
  seconds: 12.4,
}));

test('the table counts the specs of each subject, sorted, and all of them', () => {
  expect(subjectTable(results)).toBe(
    [
      'SUBJECT  PASSED  FAILED  SKIPPED  NOT RUN\n',
      'apps          1       1        1        2\n',
      'network       1       0        0        0\n',
      'all           2       1        1        2\n',
    ].join(''),
  );
});

test('failures are listed with their reasons', () => {
  expect(failureList(results)).toBe('apps: spec 2\n    timed out (12 s)\n');
});
