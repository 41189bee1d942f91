import { describe, expect, test } from 'vitest';
import { isReached, median, rowResult } from './result.ts';
import { atLeast, atMost, defineRow } from './row.ts';

const row = defineRow({
  what: 'a case',
  full: {},
  quick: {},
  figures: {
    time: { what: 'until ready', unit: 's', goal: atMost(2), anchor: { value: 9, source: 'another system' } },
    rate: { what: 'events', unit: 'per s', goal: atLeast(100) },
    count: { what: 'requests', unit: 'count' },
  },
  measure: async () => ({ time: { value: 1 }, rate: { value: 1 }, count: { value: 1 } }),
});

const round = (time: number, cpuSeconds: number, rate: number) => ({
  time: { value: time, cpuSeconds },
  rate: { value: rate },
  count: { value: 5 },
});

describe('the result of a row', () => {
  test('is the median of its rounds, figure by figure, judged against the goals', () => {
    const result = rowResult('case', row, [round(3, 1.5, 90), round(1, 4, 120), round(2, 0.5, 80)], true);
    expect(result).toEqual({
      row: 'case',
      what: 'a case',
      figures: [
        {
          name: 'time',
          what: 'until ready',
          value: 2,
          unit: 's',
          cpuSeconds: 1.5,
          goal: { atMost: 2 },
          reached: true,
          anchor: { value: 9, source: 'another system' },
        },
        { name: 'rate', what: 'events', value: 90, unit: 'per s', goal: { atLeast: 100 }, reached: false },
        { name: 'count', what: 'requests', value: 5, unit: 'count' },
      ],
    });
  });

  test('is not judged at a size that the goals are not about', () => {
    const { figures } = rowResult('case', row, [round(3, 1, 90)], false);
    expect(figures.map(({ goal, reached }) => [goal, reached])).toEqual([
      [{ atMost: 2 }, undefined],
      [{ atLeast: 100 }, undefined],
      [undefined, undefined],
    ]);
  });

  test('lacks CPU time that not every round has measured', () => {
    const { figures } = rowResult('case', row, [round(3, 1, 90), { ...round(3, 1, 90), time: { value: 3 } }], true);
    expect(figures[0]).not.toHaveProperty('cpuSeconds');
  });

  test.each([
    ['lacks a figure', { time: { value: 1 }, rate: { value: 1 } }],
    ['has a figure that is not a number', { ...round(1, 1, 1), count: { value: Number.NaN } }],
  ])('is an error if a round %s', (_, broken) => {
    expect(() => rowResult('case', row, [round(1, 1, 1), broken], true)).toThrow('count has not been measured');
  });
});

test.each([
  ['the most', atMost(20), 19.9, true],
  ['the most, exactly', atMost(20), 20, true],
  ['more than the most', atMost(20), 20.1, false],
  ['the least', atLeast(20), 20.1, true],
  ['the least, exactly', atLeast(20), 20, true],
  ['less than the least', atLeast(20), 19.9, false],
])('a goal and a value that is %s', (_, goal, value, reached) => {
  expect(isReached(goal, value)).toBe(reached);
});

test.each([
  [[7], 7],
  [[3, 1, 2], 2],
  [[10, 9, 100], 10],
  [[4, 1, 3, 2], 2.5],
  [[], Number.NaN],
])('the median of %j is %d', (values, middle) => {
  expect(median(values)).toBe(middle);
});
