import type { Job, Pod } from '@orrery/api';

/** Annotation and label with the completion index of a Pod of an Indexed Job. */
export const completionIndexKey = 'batch.kubernetes.io/job-completion-index';

/** Annotation: how often Pods of this index failed before this Pod, counted against `backoffLimitPerIndex`. */
export const failureCountKey = 'batch.kubernetes.io/job-index-failure-count';

/** Annotation: how often Pods of this index failed before this Pod, and were ignored by the Job's failure policy. */
export const ignoredFailureCountKey = 'batch.kubernetes.io/job-index-ignored-failure-count';

/** Whether each of the Job's completions has an index (completion mode `Indexed`). */
export function isIndexed({ spec }: Pick<Job, 'spec'>): boolean {
  return spec.completionMode === 'Indexed';
}

/** A Pod's completion index; undefined if it has none. */
export function completionIndex({ metadata }: Pick<Pod, 'metadata'>): number | undefined {
  const text = metadata.annotations?.[completionIndexKey];
  return text !== undefined && /^\+?\d+$/.test(text) ? Number(text) : undefined;
}

/** A Pod's completion index, if it is one of the Job's. */
export function validIndex(job: Pick<Job, 'spec'>, pod: Pod): number | undefined {
  const index = completionIndex(pod);
  return index !== undefined && index < (job.spec.completions ?? 0) ? index : undefined;
}

/** How often Pods of this Pod's index had failed when it was created, without those that were ignored. */
export function indexFailures(pod: Pod): number {
  return countIn(pod, failureCountKey);
}

/** How often failures of Pods of this Pod's index had been ignored when it was created. */
export function ignoredIndexFailures(pod: Pod): number {
  return countIn(pod, ignoredFailureCountKey);
}

const maxInt32 = 2_147_483_647;

function countIn({ metadata }: Pod, key: string): number {
  const text = metadata.annotations?.[key] ?? '';
  const count = /^\+?\d+$/.test(text) ? Number(text) : 0;
  return count > maxInt32 ? 0 : count;
}
