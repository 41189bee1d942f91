import { CronJob, Job, keyOf, keyString, quote, type Stored } from '@orrery/api';
import {
  type Controller,
  defineController,
  errorText,
  ownedBy,
  PerCache,
  type ReconcileContext,
  type ReconcileResult,
} from '@orrery/core';
import { semanticEqual } from '../workload/semantic-equal.ts';
import { unlessGone } from '../workload/unless-gone.ts';
import { activeAfter } from './active-jobs.ts';
import { untilDue } from './due-time.ts';
import { expiredJobs } from './history.ts';
import { deleteJob } from './job-control.ts';
import { runDue } from './run.ts';
import { parseSchedule, type Schedule } from './schedule.ts';

/** The schedule of a CronJob as it was last seen. */
type Seen = PerCache<string>;

/** Creates Jobs at the times that CronJobs name (Kubernetes "CronJob"). */
export function cronJobController(): Controller {
  const seen: Seen = new PerCache();
  return defineController({
    name: 'cronjob-controller',
    for: CronJob,
    owns: [Job],
    concurrency: 5,
    reconcile: (cronJob, context) => unlessGone(CronJob, cronJob, () => reconcile(cronJob, context, seen)),
    deleted(key, { cache }) {
      seen.of(cache).delete(keyString(key));
    },
  });
}

async function reconcile(
  cronJob: Stored<CronJob>,
  context: ReconcileContext,
  seen: Seen,
): Promise<ReconcileResult | void> {
  const { client, cache, clock } = context;
  const schedule = scheduleOf(cronJob, context);
  if (wasRescheduled(cronJob, context, seen) && schedule !== undefined) {
    // What the new schedule would have run in the past is none of its business.
    return requeue(untilDue(cronJob, schedule, clock.now()));
  }
  const jobs = cache.list(ownedBy(Job, cronJob.metadata.uid), { namespace: cronJob.metadata.namespace ?? '' });
  let current = cronJob;
  for (const job of expiredJobs(cronJob, jobs)) {
    if (await deleteJob(job, current, context)) current = withoutJob(current, job);
  }
  current = await activeAfter(current, jobs, context);
  const mayRun = cronJob.metadata.deletionTimestamp === undefined && cronJob.spec.suspend !== true;
  const result = mayRun && schedule !== undefined ? await runDue(current, schedule, context) : { cronJob: current };
  if (!semanticEqual(cronJob.status, result.cronJob.status)) await client.updateStatus(result.cronJob);
  if (result.error !== undefined) throw result.error;
  return mayRun && schedule !== undefined ? requeue(result.wait) : undefined;
}

function requeue(wait: number | undefined): ReconcileResult | undefined {
  return wait === undefined ? undefined : { requeueAfter: wait };
}

/** Whether the CronJob has another schedule than when it was last looked at. */
function wasRescheduled({ metadata, spec }: Stored<CronJob>, { cache }: ReconcileContext, seen: Seen): boolean {
  const key = keyString(keyOf({ metadata }));
  const now = `${metadata.uid} ${spec.timeZone ?? ''} ${spec.schedule}`;
  const before = seen.of(cache).get(key);
  seen.of(cache).set(key, now);
  return before !== undefined && before !== now && before.startsWith(`${metadata.uid} `);
}

function scheduleOf(cronJob: Stored<CronJob>, { events }: ReconcileContext): Schedule | undefined {
  const { schedule, timeZone } = cronJob.spec;
  try {
    return parseSchedule(schedule, timeZone);
  } catch (error) {
    if (error instanceof RangeError && timeZone !== undefined) {
      const message = `invalid timeZone: ${quote(timeZone)}: unknown time zone ${timeZone}`;
      events.event(cronJob, 'Warning', 'UnknownTimeZone', message);
    } else {
      const message = `unparseable schedule: ${quote(schedule)} : ${errorText(error)}`;
      events.event(cronJob, 'Warning', 'UnparseableSchedule', message);
    }
    return undefined;
  }
}

function withoutJob(cronJob: Stored<CronJob>, { metadata }: Stored<Job>): Stored<CronJob> {
  const active = cronJob.status?.active?.filter(({ uid }) => uid !== metadata.uid);
  return active === undefined ? cronJob : { ...cronJob, status: { ...cronJob.status, active } };
}
