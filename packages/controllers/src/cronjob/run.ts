import { type CronJob, controllerOf, hasReason, Job, type Stored, timestamp } from '@orrery/api';
import { errorText, type Milliseconds, type ReconcileContext } from '@orrery/core';
import { isNamespaceTerminating } from '../workload/pod-control.ts';
import { impossible, lastDue, untilDue } from './due-time.ts';
import { deleteJob } from './job-control.ts';
import { jobFor, jobNameFor } from './job-template.ts';
import type { Schedule } from './schedule.ts';

/** What came of a CronJob's schedule. */
interface Run {
  /** With the status that follows. */
  readonly cronJob: Stored<CronJob>;
  /** Milliseconds after which it is to be looked at again. */
  readonly wait?: Milliseconds | undefined;
  readonly error?: unknown;
}

/** Creates the Job of a CronJob that is due, unless it is too late or its policy forbids it. */
export async function runDue(cronJob: Stored<CronJob>, schedule: Schedule, context: ReconcileContext): Promise<Run> {
  const { clock, events } = context;
  const { spec } = cronJob;
  const now = clock.now();
  const due = lastDue(cronJob, schedule, now);
  if (due === impossible) {
    events.event(cronJob, 'Warning', 'InvalidSchedule', `invalid schedule: ${spec.schedule} : ${impossible}`);
    return { cronJob };
  }
  const later = (of = cronJob): Run => ({ cronJob: of, wait: untilDue(of, schedule, now) });
  const { time } = due;
  if (time === undefined) return later();
  if (due.missed === 'many') {
    const message = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
    events.event(cronJob, 'Warning', 'TooManyMissedTimes', message);
  }
  if (spec.startingDeadlineSeconds !== undefined && time + spec.startingDeadlineSeconds * 1000 < now) {
    events.event(cronJob, 'Warning', 'MissSchedule', `Missed scheduled time to start a job: ${rfc1123(time)}`);
    return later();
  }
  const active = cronJob.status?.active ?? [];
  const name = jobNameFor(cronJob, time);
  if (active.some((job) => job.name === name) || cronJob.status?.lastScheduleTime === timestamp(time)) return later();
  if (spec.concurrencyPolicy === 'Forbid' && active.length > 0) {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
    events.event(cronJob, 'Normal', 'JobAlreadyActive', message);
    return later();
  }
  const free = spec.concurrencyPolicy === 'Replace' ? await replaced(cronJob, context) : { cronJob };
  if (free.error !== undefined) return free;
  const made = await createJob(free.cronJob, time, context);
  return made.error === undefined ? { ...later(made.cronJob) } : made;
}

/** Deletes the Jobs that still run. */
async function replaced(cronJob: Stored<CronJob>, context: ReconcileContext): Promise<Run> {
  let active = cronJob.status?.active ?? [];
  const current = () => ({ ...cronJob, status: { ...cronJob.status, active } });
  for (const { namespace = '', name = '', uid } of active) {
    let job: Stored<Job>;
    try {
      job = await context.client.get(Job, { namespace, name });
    } catch (error) {
      context.events.event(cronJob, 'Warning', 'FailedGet', `Get job: ${errorText(error)}`);
      return { cronJob: current(), error };
    }
    if (!(await deleteJob(job, cronJob, context))) {
      return { cronJob: current(), error: new Error(`could not replace job ${namespace}/${name}`) };
    }
    active = active.filter((one) => one.uid !== uid);
  }
  return { cronJob: current() };
}

async function createJob(
  cronJob: Stored<CronJob>,
  time: Milliseconds,
  { client, events }: ReconcileContext,
): Promise<Run> {
  let job: Stored<Job>;
  try {
    job = await client.create(jobFor(cronJob, time));
    events.event(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${job.metadata.name}`);
  } catch (error) {
    if (!hasReason(error, 'AlreadyExists')) {
      if (!isNamespaceTerminating(error)) {
        events.event(cronJob, 'Warning', 'FailedCreate', `Error creating job: ${errorText(error)}`);
      }
      return { cronJob, error };
    }
    // Perhaps it was created before a crash, and has yet to be named in the status.
    const { namespace = '' } = cronJob.metadata;
    job = await client.get(Job, { namespace, name: jobNameFor(cronJob, time) });
    if (controllerOf(job)?.uid !== cronJob.metadata.uid) return { cronJob };
  }
  const { name, namespace = '', uid, resourceVersion } = job.metadata;
  const reference = { apiVersion: 'batch/v1', kind: 'Job', name, namespace, uid, resourceVersion };
  const active = [...(cronJob.status?.active ?? []).filter((one) => one.uid !== uid), reference];
  return { cronJob: { ...cronJob, status: { ...cronJob.status, active, lastScheduleTime: timestamp(time) } } };
}

/** As Go's `time.RFC1123Z` writes it, in UTC: `Thu, 01 Jan 2026 00:00:00 +0000`. */
function rfc1123(time: Milliseconds): string {
  return new Date(time).toUTCString().replace('GMT', '+0000');
}
