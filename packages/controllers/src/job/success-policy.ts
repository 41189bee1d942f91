import type { Job } from '@orrery/api';
import { type Intervals, overlap, parseIntervals, total } from './intervals.ts';

/** Says which rule of a Job's success policy the succeeded indexes fulfil; undefined if none (Kubernetes "Success policy"). */
export function metSuccessPolicy({ spec }: Pick<Job, 'spec'>, succeeded: Intervals): string | undefined {
  if (succeeded.length === 0) return undefined;
  for (const [i, { succeededIndexes, succeededCount }] of (spec.successPolicy?.rules ?? []).entries()) {
    if (isMet(succeededIndexes, succeededCount, succeeded, spec.completions ?? 0)) return `Matched rules at index ${i}`;
  }
  return undefined;
}

function isMet(
  indexes: string | undefined,
  count: number | undefined,
  succeeded: Intervals,
  completions: number,
): boolean {
  if (indexes === undefined) return count !== undefined && total(succeeded) >= count;
  const required = parseIntervals(indexes, completions);
  if (required.length === 0) return false;
  const reached = overlap(required, succeeded);
  return reached === total(required) || (count !== undefined && reached >= count);
}
