import { expect, test } from 'vitest';
import type { RowResult } from './result.ts';
import { atLeast, atMost } from './row.ts';
import { resultTable, rounded } from './table.ts';

const results: readonly RowResult[] = [
  {
    row: 'replicas-1000',
    what: '1,000 replicas',
    figures: [
      {
        name: 'available',
        what: 'all available',
        value: 0.4567,
        unit: 's',
        cpuSeconds: 1.25,
        goal: atMost(0.5),
        reached: true,
        anchor: { value: 13.4, source: 'Kubernetes 1.35.4' },
      },
      { name: 'pods', what: 'Pods', value: 1234.5, unit: 'per s', goal: atLeast(5000), reached: false },
    ],
  },
  { row: 'start', what: '', figures: [], error: 'ended with code 3\nat line 7' },
  { row: 'request-path', what: 'requests', figures: [{ name: 'get', what: 'a read', value: 3, unit: 'µs' }] },
];

test('the table has a line for each figure, the totals, and why rows failed', () => {
  expect(resultTable(results)).toMatchInlineSnapshot(`
    "NAME                          FIGURE  UNIT      CPU  GOAL                    ANCHOR
    replicas-1000: all available   0.457  s      1.25 s  at most 0.5, reached    13.4: Kubernetes 1.35.4
    replicas-1000: Pods            1,235  per s          at least 5,000, MISSED
    start: failed
    request-path: a read               3  µs

    3 rows, 1 failed; 1 of 2 goals reached

    start failed:
    ended with code 3
    at line 7
    "
  `);
});

test('without judged goals, the totals say so', () => {
  const [row] = results;
  const figures = (row?.figures ?? []).map(({ reached, ...figure }) => figure);
  const table = resultTable([{ row: 'replicas-1000', what: '', figures }]);
  expect(table).toContain('at most 0.5');
  expect(table).not.toMatch(/reached|MISSED/);
  expect(table).toContain('1 row, 0 failed; no goal judged');
});

test.each([
  [0, '0'],
  [0.034567, '0.0346'],
  [9.999, '10'],
  [99.94, '99.9'],
  [100.4, '100'],
  [1234567.8, '1,234,568'],
])('%d is printed as %s', (value, text) => {
  expect(rounded(value)).toBe(text);
});
