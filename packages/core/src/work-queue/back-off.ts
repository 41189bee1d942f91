import { type Duration, type Milliseconds, milliseconds } from '../clock/clock.ts';
import type { Random } from '../random/random.ts';

/** How the waits between tries grow. */
export interface BackOffOptions {
  /** Wait after the first failure; it doubles with each further one. Default 5 ms. */
  readonly base?: Duration;
  /** Longest wait, before jitter. Default 1000 s. */
  readonly max?: Duration;
  /**
   * Up to this fraction of the wait is added to it by chance, so that what failed together is not tried again together
   * (apimachinery's `wait.Jitter`). Default 0.
   */
  readonly jitter?: number;
}

/**
 * The wait before the next try after `failures` earlier ones, in milliseconds: the base, doubled with each (client-go's
 * ItemExponentialFailureRateLimiter). Jitter is drawn from `random`; there is none without it.
 */
export function backOff(
  failures: number,
  { base = 5, max = '1000s', jitter = 0 }: BackOffOptions = {},
  random?: Pick<Random, 'next'>,
): Milliseconds {
  const wait = Math.min(milliseconds(base) * 2 ** failures, milliseconds(max));
  return jitter === 0 || random === undefined ? wait : Math.round(wait * (1 + jitter * random.next()));
}
