import type { Milliseconds } from '../clock/clock.ts';

/** How waits grow. */
export interface BackOffOptions {
  /** Wait after the first failure. Default 5 ms. */
  readonly base: Milliseconds;
  /** Longest wait. Default 1,000,000 ms. */
  readonly max: Milliseconds;
}

const defaults: BackOffOptions = { base: 5, max: 1_000_000 };

/** The wait before the next try after `failures` earlier ones: the base, doubled with each (client-go's ItemExponentialFailureRateLimiter). */
export function backOff(failures: number, { base, max }: BackOffOptions = defaults): Milliseconds {
  return Math.min(base * 2 ** failures, max);
}
