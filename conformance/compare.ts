import type { SpecResult } from './report.ts';

/** How a run differs from the specs that are recorded to pass. */
export interface Comparison {
  /** Recorded, tried, and not passed. */
  readonly lost: readonly string[];
  /** Passed, and not recorded. */
  readonly gained: readonly string[];
  /** Recorded, and unknown to the suite: the list is of another version. */
  readonly unknown: readonly string[];
  /** What to record after this run: what passed, and what was recorded and not tried. */
  readonly passed: readonly string[];
}

/** Compares the results of a run with the names of the specs that are recorded to pass. */
export function compare(results: readonly SpecResult[], recorded: readonly string[]): Comparison {
  const states = new Map(results.map(({ name, state }) => [name, state]));
  const known = new Set(recorded);
  const gained = results.filter(({ name, state }) => state === 'passed' && !known.has(name)).map(({ name }) => name);
  const kept = recorded.filter((name) => ['passed', 'not run'].includes(states.get(name) ?? ''));
  return {
    lost: recorded.filter((name) => ['failed', 'skipped'].includes(states.get(name) ?? '')),
    gained,
    unknown: recorded.filter((name) => !states.has(name)),
    passed: [...kept, ...gained].sort(),
  };
}
