import { describe, expect, test } from 'vitest';
import { formatIntervals, includesIndex, intervalsOf, merged, overlap, parseIntervals, total } from './intervals.ts';

describe('intervals of indexes', () => {
  test.each<[text: string, completions: number, again: string, count: number]>([
    ['', 10, '', 0],
    ['3', 10, '3', 1],
    ['1,3-5,7', 10, '1,3-5,7', 5],
    ['0,1', 10, '0,1', 2],
    ['0-1,2,3-4', 10, '0-4', 5],
    ['2-9', 5, '2-4', 3],
    ['1,7-9', 5, '1', 1],
    ['x,2,3-y,4-4', 10, '2,4', 2],
  ])('%j below %d is %j', (text, completions, again, count) => {
    const intervals = parseIntervals(text, completions);
    expect(formatIntervals(intervals)).toBe(again);
    expect(total(intervals)).toBe(count);
  });

  test.each<[a: string, b: string, both: string, shared: number]>([
    ['', '1-3', '1-3', 0],
    ['0,2,4', '1,3', '0-4', 0],
    ['0-5', '2-3', '0-5', 2],
    ['0-2,8', '2-4,8-9', '0-4,8,9', 2],
  ])('%j with %j is %j', (a, b, both, shared) => {
    const [left, right] = [parseIntervals(a, 100), parseIntervals(b, 100)];
    expect(formatIntervals(merged(left, right))).toBe(both);
    expect(formatIntervals(merged(right, left))).toBe(both);
    expect(overlap(left, right)).toBe(shared);
    expect(overlap(right, left)).toBe(shared);
  });

  test('are made of indexes in any order, and know which they have', () => {
    const intervals = intervalsOf([7, 1, 2, 1, 3]);
    expect(formatIntervals(intervals)).toBe('1-3,7');
    expect([0, 1, 2, 3, 4, 6, 7, 8].filter((index) => includesIndex(intervals, index))).toEqual([1, 2, 3, 7]);
  });
});
