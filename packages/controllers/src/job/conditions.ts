import { type Job, timestamp } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';

export type JobStatus = NonNullable<Job['status']>;
type Conditions = NonNullable<JobStatus['conditions']>;
export type JobCondition = Conditions[number];

/** How a Job is to end, and why. */
export interface Verdict {
  readonly type: 'Complete' | 'Failed';
  readonly reason: string;
  readonly message: string;
}

/** Whether the Job has a condition of this type that is True. */
export function isTrue({ status }: Pick<Job, 'status'>, type: string): boolean {
  return status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
}

/** Whether the Job is over: Complete or Failed. */
export function isFinished(job: Pick<Job, 'status'>): boolean {
  return isTrue(job, 'Complete') || isTrue(job, 'Failed');
}

/** When the Job was over, in milliseconds since the epoch; undefined while it is not. */
export function finishedAt({ status }: Pick<Job, 'status'>): Milliseconds | undefined {
  const found = status?.conditions?.find(
    (one) => (one.type === 'Complete' || one.type === 'Failed') && one.status === 'True',
  );
  return found?.lastTransitionTime === undefined ? undefined : Date.parse(found.lastTransitionTime);
}

/** The verdict that a Job has been given before: its condition SuccessCriteriaMet or FailureTarget. */
export function formerVerdict({ status }: Pick<Job, 'status'>): Verdict | undefined {
  const found = (type: string) => status?.conditions?.find((one) => one.type === type && one.status === 'True');
  const success = found('SuccessCriteriaMet');
  const { type, reason = '', message = '' } = success ?? found('FailureTarget') ?? {};
  if (type === undefined) return undefined;
  return { type: success === undefined ? 'Failed' : 'Complete', reason, message };
}

/** The conditions with the one that announces the verdict, while Pods still end. */
export function withAnnouncement(conditions: Conditions, verdict: Verdict, now: Milliseconds): Conditions {
  const type = verdict.type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
  const isThere = conditions.some((one) => one.type === type && one.status === 'True');
  return isThere ? conditions : withJobCondition(conditions, { ...verdict, type, status: 'True' }, now);
}

/**
 * The conditions with one set; the same conditions if nothing changes. One that is False is not added, because it says no more than
 * that there is none.
 */
export function withJobCondition(
  conditions: Conditions,
  wanted: Pick<JobCondition, 'type' | 'status' | 'reason' | 'message'>,
  now: Milliseconds,
): Conditions {
  const { type, status, reason = '', message = '' } = wanted;
  const at = conditions.findIndex((one) => one.type === type);
  const before = conditions[at];
  if (before === undefined && status === 'False') return conditions;
  if (before?.status === status && before.reason === reason && before.message === message) return conditions;
  const time = timestamp(now);
  const condition = { type, status, lastProbeTime: time, lastTransitionTime: time, reason, message };
  return before === undefined ? [...conditions, condition] : conditions.with(at, condition);
}
