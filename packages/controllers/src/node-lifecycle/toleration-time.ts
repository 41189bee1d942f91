import type { Pod, Taint } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import { tolerates } from '../scheduler/tolerations.ts';

/**
 * How long a Pod may stay on a node with these NoExecute taints, in milliseconds from when they came: 0 when one is not
 * tolerated, infinite when all are for good, else the shortest `tolerationSeconds` of the tolerations that are used.
 */
export function tolerationTime(pod: Pod, taints: readonly Taint[]): Milliseconds {
  let shortest = Number.POSITIVE_INFINITY;
  for (const taint of taints) {
    const used = (pod.spec.tolerations ?? []).filter((toleration) => tolerates(toleration, taint));
    if (used.length === 0) return 0;
    for (const { tolerationSeconds } of used) {
      if (tolerationSeconds !== undefined) shortest = Math.min(shortest, Math.max(0, tolerationSeconds * 1000));
    }
  }
  return shortest;
}
