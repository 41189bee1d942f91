import type { Environment } from '../environment.ts';
import { createInspector, type InspectionStream } from '../inspection/inspector.ts';
import { createSeededRandom } from '../random/seeded-random.ts';
import { createSystemRandom } from '../random/system-random.ts';
import { FairTurns } from './fair-turns.ts';
import { nextTask } from './macrotask.ts';
import { createRealClock, createScaledClock } from './real-clock.ts';

/** What {@link createEnvironment} takes. */
export interface EnvironmentOptions {
  /** `real`, or `x60` for a clock that runs 60 times as fast. Default `real`. */
  readonly clock?: string;
  /** Makes random numbers (not the order of events) repeatable. Default: real chance. */
  readonly seed?: number | string;
}

/**
 * An environment in which time passes by itself.
 * @throws Error on a clock that is neither `real` nor `xN`.
 */
export function createEnvironment({ clock = 'real', seed }: EnvironmentOptions = {}): Environment & {
  readonly inspector: InspectionStream;
} {
  return {
    clock: clock === 'real' ? createRealClock() : createScaledClock(factorOf(clock)),
    random: seed === undefined ? createSystemRandom() : createSeededRandom(seed),
    work: new FairTurns({ now: () => performance.now(), nextTask }),
    inspector: createInspector(),
  };
}

function factorOf(clock: string): number {
  const match = /^x(\d+(?:\.\d+)?)$/.exec(clock);
  if (match === null) throw new Error(`no such clock: ${clock} (there are real, and x2, x60 and so on)`);
  return Number(match[1]);
}
