import type { LabelSelector } from '@orrery/api';

/** Whether a selector is empty: a workload with such a one would take every Pod for its own. */
export function selectsEverything(selector: LabelSelector | undefined): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions ?? []).length === 0;
}
