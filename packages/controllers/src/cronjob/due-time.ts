import type { CronJob, Stored } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import type { Schedule } from './schedule.ts';

/** The time at which a CronJob was due last. */
export interface Due {
  /** In milliseconds since the epoch; undefined if it has not been due since it was last run. */
  readonly time?: Milliseconds;
  /** How many times it was due since then: some, or more than a hundred. */
  readonly missed: 'none' | 'few' | 'many';
}

/** A schedule that names no time at all, such as the 31st of February. */
export const impossible = 'time difference between two schedules is less than 1 second';

const many = 100;

/**
 * When a CronJob was due last, after it was run or created, and within its deadline; `impossible` if its schedule names no time. As in
 * Kubernetes the number of missed times is estimated from the first two, so a long outage costs no more than a short one.
 */
export function lastDue(cronJob: Stored<CronJob>, schedule: Schedule, now: Milliseconds): Due | typeof impossible {
  const { startingDeadlineSeconds } = cronJob.spec;
  const deadline = startingDeadlineSeconds === undefined ? 0 : now - startingDeadlineSeconds * 1000;
  return dueSince(Math.max(lastRun(cronJob), deadline), schedule, now);
}

/** Milliseconds until a CronJob is to be looked at again: a little after it is due next, for clocks differ. */
export function untilDue(cronJob: Stored<CronJob>, schedule: Schedule, now: Milliseconds): Milliseconds | undefined {
  const earliest = lastRun(cronJob);
  const due = dueSince(earliest, schedule, now);
  const from = due === impossible ? now : (due.time ?? (due.missed === 'none' ? earliest : now));
  const next = schedule.next(from);
  return next === undefined ? undefined : Math.max(0, next + clockDifference - now);
}

const clockDifference: Milliseconds = 100;

function lastRun({ metadata, status }: Stored<CronJob>): Milliseconds {
  return Date.parse(status?.lastScheduleTime ?? metadata.creationTimestamp);
}

function dueSince(earliest: Milliseconds, schedule: Schedule, now: Milliseconds): Due | typeof impossible {
  const first = schedule.next(earliest);
  if (first !== undefined && now < first) return { missed: 'none' };
  const second = first === undefined ? undefined : schedule.next(first);
  if (first === undefined || second === undefined) return impossible;
  if (now < second) return { time: first, missed: 'none' };
  const interval = second - first;
  const count = Math.floor((now - first) / interval) + 1;
  let time: Milliseconds | undefined;
  let next = schedule.next(first + (count - 2) * interval);
  while (next !== undefined && next <= now) {
    time = next;
    next = schedule.next(next);
  }
  return { ...(time === undefined ? {} : { time }), missed: count > many ? 'many' : 'few' };
}
