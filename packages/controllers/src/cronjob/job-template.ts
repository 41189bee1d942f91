import { CronJob, controllerReference, type Job, type Stored } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import { zoneTimestamp } from './zone-clock.ts';

/** Annotation of a Job with the time at which its CronJob was due, in the CronJob's time zone. */
const scheduledTimeKey = 'batch.kubernetes.io/cronjob-scheduled-timestamp';

/** The name of the Job for a time: the same for the same time, so that it cannot be created twice. */
export function jobNameFor({ metadata }: Stored<CronJob>, time: Milliseconds): string {
  return `${metadata.name}-${Math.floor(time / 60_000)}`;
}

/** The Job of a CronJob that was due at this time. */
export function jobFor(cronJob: Stored<CronJob>, time: Milliseconds): Job {
  const { namespace } = cronJob.metadata;
  const { jobTemplate, timeZone = 'UTC' } = cronJob.spec;
  const { labels, annotations } = jobTemplate.metadata ?? {};
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: jobNameFor(cronJob, time),
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      annotations: { ...annotations, [scheduledTimeKey]: zoneTimestamp(time, timeZone) },
      ownerReferences: [controllerReference(CronJob, cronJob)],
    },
    spec: jobTemplate.spec ?? { template: {} },
  };
}
