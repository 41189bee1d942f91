import type { Milliseconds, Random } from '@orrery/core';

/** How soon what could not be done for a Pod is tried again. */
export const retryPace: Milliseconds = 10_000;

/** That long, and up to half as long again, so that not all come back at once (client-go's wait.Jitter). */
export function jittered(pace: Milliseconds, random: Random): Milliseconds {
  return pace * (1 + random.next() / 2);
}
