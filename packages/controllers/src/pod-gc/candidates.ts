import type { Pod, Stored } from '@orrery/api';

/** How many ended Pods are kept at most. */
export const terminatedThreshold = 12_500;

/** The ended Pods that are too many: evicted ones first, then the oldest. */
export function excessTerminated(
  terminated: readonly Stored<Pod>[],
  threshold = terminatedThreshold,
): readonly Stored<Pod>[] {
  const excess = terminated.length - threshold;
  if (excess <= 0) return [];
  const isEvicted = (pod: Pod) => pod.status?.phase === 'Failed' && pod.status.reason === 'Evicted';
  return [...terminated]
    .sort(
      (a, b) =>
        Number(isEvicted(b)) - Number(isEvicted(a)) ||
        compare(a.metadata.creationTimestamp, b.metadata.creationTimestamp) ||
        compare(a.metadata.name, b.metadata.name),
    )
    .slice(0, excess);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
