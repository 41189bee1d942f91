import type { Clock } from './clock/clock.ts';
import type { Inspector } from './inspection.ts';
import type { Random } from './random/random.ts';
import type { Work } from './work.ts';

/** What every loop of a cluster stands on: one clock, one source of chance, one tracker of work, one inspection stream. */
export interface Environment {
  readonly clock: Clock;
  readonly random: Random;
  readonly work: Work;
  readonly inspector: Inspector;
}
