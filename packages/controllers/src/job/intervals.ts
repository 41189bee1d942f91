/** Indexes from `first` to `last`, both included. */
export interface Interval {
  readonly first: number;
  readonly last: number;
}

/** Indexes of a Job in ascending order, in intervals that neither overlap nor touch. */
export type Intervals = readonly Interval[];

/**
 * Reads what a Job's status says of its indexes: `1,3-5,7`. Parts that are malformed are left out, and so are indexes that are not below
 * `completions`.
 */
export function parseIntervals(text: string, completions: number): Intervals {
  const result: Interval[] = [];
  for (const part of text === '' ? [] : text.split(',')) {
    const [, start, end = start] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    if (start === undefined) continue;
    const first = Number(start);
    if (first >= completions) break;
    const last = Math.min(Number(end), completions - 1);
    const before = result.at(-1);
    if (before?.last === first - 1) result[result.length - 1] = { first: before.first, last };
    else result.push({ first, last });
  }
  return result;
}

/** The text of intervals, as {@link parseIntervals} reads it. */
export function formatIntervals(intervals: Intervals): string {
  return intervals
    .map(({ first, last }) => (first === last ? `${first}` : `${first}${last === first + 1 ? ',' : '-'}${last}`))
    .join(',');
}

/** The intervals of all these indexes, given in any order. */
export function intervalsOf(indexes: Iterable<number>): Intervals {
  return merged(
    [],
    [...new Set(indexes)].sort((a, b) => a - b).map((index) => ({ first: index, last: index })),
  );
}

/** The indexes that are in one or the other. */
export function merged(a: Intervals, b: Intervals): Intervals {
  const result: Interval[] = [];
  let [i, j] = [0, 0];
  for (;;) {
    const [left, right] = [a[i], b[j]];
    const next = right === undefined || (left !== undefined && left.first < right.first) ? left : right;
    if (next === undefined) return result;
    if (next === left) i++;
    else j++;
    const before = result.at(-1);
    if (before === undefined || next.first > before.last + 1) result.push(next);
    else if (before.last < next.last) result[result.length - 1] = { first: before.first, last: next.last };
  }
}

/** How many indexes there are. */
export function total(intervals: Intervals): number {
  let count = 0;
  for (const { first, last } of intervals) count += last - first + 1;
  return count;
}

/** Whether an index is among them. */
export function includesIndex(intervals: Intervals, index: number): boolean {
  return intervalAt(intervals, index) !== undefined;
}

/** The interval that has an index, found by bisection; undefined if none has it. */
export function intervalAt(intervals: Intervals, index: number): Interval | undefined {
  let [low, high] = [0, intervals.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((intervals[middle]?.last ?? 0) >= index) high = middle;
    else low = middle + 1;
  }
  const found = intervals[low];
  return found !== undefined && found.first <= index ? found : undefined;
}

/** How many indexes are in both. */
export function overlap(a: Intervals, b: Intervals): number {
  let count = 0;
  let [i, j] = [0, 0];
  for (;;) {
    const [left, right] = [a[i], b[j]];
    if (left === undefined || right === undefined) return count;
    count += Math.max(0, Math.min(left.last, right.last) - Math.max(left.first, right.first) + 1);
    if (left.last <= right.last) i++;
    if (right.last <= left.last) j++;
  }
}
