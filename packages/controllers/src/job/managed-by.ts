import type { Job } from '@orrery/api';

const builtin = 'kubernetes.io/job-controller';

/** Whether the Job is not left to a controller of somebody else's (`managedBy`). */
export function isOurs({ spec }: Pick<Job, 'spec'>): boolean {
  return spec.managedBy === undefined || spec.managedBy === builtin;
}
