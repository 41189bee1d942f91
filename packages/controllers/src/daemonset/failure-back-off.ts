import type { Milliseconds } from '@orrery/core';

/** Pods that failed on one node are deleted less and less often. */
export interface Failures {
  readonly generation: number;
  /** When one was last deleted. */
  readonly at: Milliseconds;
  /** How long the next one is kept after that. */
  readonly wait: Milliseconds;
}

const first: Milliseconds = 1000;
const longest: Milliseconds = 15 * 60 * 1000;

/** Milliseconds for which a failed Pod is still kept; 0 if it may be deleted now. */
export function keepFor(failures: Failures | undefined, generation: number, now: Milliseconds): Milliseconds {
  if (failures === undefined || failures.generation !== generation || isForgotten(failures, now)) return 0;
  return Math.max(0, failures.at + failures.wait - now);
}

/** After one more failed Pod was deleted: the wait doubles, from a second to a quarter of an hour. */
export function afterFailure(failures: Failures | undefined, generation: number, now: Milliseconds): Failures {
  const isFirst = failures === undefined || failures.generation !== generation || isForgotten(failures, now);
  return { generation, at: now, wait: isFirst ? first : Math.min(failures.wait * 2, longest) };
}

function isForgotten({ at }: Failures, now: Milliseconds): boolean {
  return now - at > 2 * longest;
}
