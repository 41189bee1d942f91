import type { CronJob, Job, Stored } from '@orrery/api';
import { isTrue } from '../job/conditions.ts';

/** The finished Jobs of a CronJob that are to be deleted: the oldest beyond those that it keeps (Kubernetes "Jobs history limits"). */
export function expiredJobs({ spec }: CronJob, jobs: readonly Stored<Job>[]): readonly Stored<Job>[] {
  const { successfulJobsHistoryLimit: successful, failedJobsHistoryLimit: failed } = spec;
  return [...oldest(jobs, 'Complete', successful), ...oldest(jobs, 'Failed', failed)];
}

function oldest(jobs: readonly Stored<Job>[], condition: string, kept: number | undefined): readonly Stored<Job>[] {
  if (kept === undefined) return [];
  const finished = jobs.filter((job) => isTrue(job, condition)).sort(byStart);
  return finished.slice(0, Math.max(0, finished.length - kept));
}

/** Those that never started come last. */
function byStart(a: Stored<Job>, b: Stored<Job>): number {
  const [first, second] = [a, b].map(({ status }) =>
    status?.startTime === undefined ? Number.POSITIVE_INFINITY : Date.parse(status.startTime),
  );
  if (first !== second) return (first ?? 0) < (second ?? 0) ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
