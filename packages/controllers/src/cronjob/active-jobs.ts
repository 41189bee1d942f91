import { CronJob, isNotFound, Job, keyOf, type Stored } from '@orrery/api';
import type { ReconcileContext } from '@orrery/core';
import { isFinished, isTrue } from '../job/conditions.ts';

/** The CronJob with a status that follows its Jobs: without those that are over or gone, and with the time of the last success. */
export async function activeAfter(
  cronJob: Stored<CronJob>,
  jobs: readonly Stored<Job>[],
  context: ReconcileContext,
): Promise<Stored<CronJob>> {
  const { client, events } = context;
  const active = new Map((cronJob.status?.active ?? []).map((reference) => [reference.uid ?? '', reference]));
  let { lastSuccessfulTime } = cronJob.status ?? {};
  for (const job of jobs) {
    const { uid, name } = job.metadata;
    if (!isFinished(job)) {
      if (active.has(uid) || (await isActiveLive(cronJob, uid, context))) continue;
      const message = `Saw a job that the controller did not create or forgot: ${name}`;
      events.event(cronJob, 'Warning', 'UnexpectedJob', message);
      continue;
    }
    const hasSucceeded = isTrue(job, 'Complete');
    if (active.delete(uid)) {
      const condition = hasSucceeded ? 'Complete' : 'Failed';
      events.event(cronJob, 'Normal', 'SawCompletedJob', `Saw completed job: ${name}, condition: ${condition}`);
    }
    const { completionTime } = job.status ?? {};
    // Timestamps in UTC sort by time.
    if (hasSucceeded && completionTime !== undefined && completionTime > (lastSuccessfulTime ?? '')) {
      lastSuccessfulTime = completionTime;
    }
  }
  const known = new Set(jobs.map(({ metadata }) => metadata.uid));
  for (const [uid, { namespace = '', name = '' }] of active) {
    if (known.has(uid)) continue;
    try {
      // The cache may not have heard of it yet.
      await client.get(Job, { namespace, name });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      events.event(cronJob, 'Normal', 'MissingJob', `Active job went missing: ${name}`);
      active.delete(uid);
    }
  }
  return {
    ...cronJob,
    status: {
      ...cronJob.status,
      active: [...active.values()],
      ...(lastSuccessfulTime === undefined ? {} : { lastSuccessfulTime }),
    },
  };
}

/** Whether the CronJob as it is stored names the Job, though the cache's does not yet. */
async function isActiveLive(cronJob: Stored<CronJob>, uid: string, { client }: ReconcileContext): Promise<boolean> {
  const live = await client.get(CronJob, keyOf(cronJob));
  return live.status?.active?.some((reference) => reference.uid === uid) ?? false;
}
