/**
 * Which of two resource versions is later: below 0 if `a` is earlier, 0 if they are the same, above 0 if `a` is later.
 * Kubernetes' are decimal numbers of any size, without leading zeros; `''` is before all (KEP-5504 "Comparable resource version").
 */
export function compareRevisions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
