import type { Work } from '../work.ts';
import { FairTurns } from './fair-turns.ts';
import { nextTask } from './macrotask.ts';

/** What one look at the clock is said to take, in milliseconds. */
const step = 0.02;

/**
 * Turns as on the real clock, but of equal length: a task of the event loop has the same number of turns on every machine, however
 * busy it is. What depends on the number of tasks, as the merging of changes does, can so be held by a test.
 */
export function evenTurns(): Work {
  let now = 0;
  const look = () => {
    now += step;
    return now;
  };
  return new FairTurns({ now: look, nextTask });
}
