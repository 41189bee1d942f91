import { type Job, keyOf, keyString, type Pod, type Stored, timestamp } from '@orrery/api';
import type { EventRecorder, Milliseconds, ReconcileContext, ReconcileResult } from '@orrery/core';
import { podControl } from '../workload/pod-control.ts';
import { semanticEqual } from '../workload/semantic-equal.ts';
import { slowStart } from '../workload/slow-start.ts';
import { type Assessment, assess, untilDeadline } from './assessment.ts';
import { type BackOff, nextBackOff, noBackOff } from './back-off.ts';
import { isTrue, type JobStatus, type Verdict, withAnnouncement, withJobCondition } from './conditions.ts';
import { isTracked, type JobPods, podsOfJob } from './job-pods.ts';
import { type PodPlan, planPods } from './pod-plan.ts';
import { indexedJobPod, jobPod } from './pod-template.ts';
import { withoutTracking } from './release.ts';
import { isSettled, settled, type Tracking, track } from './tracking.ts';

/** What acting on Pods has led to. */
interface Acted {
  readonly error?: unknown;
  /** Milliseconds after which the Job is to be looked at again. */
  readonly wait?: Milliseconds;
}

/**
 * Brings a Job that is not over one step further: counts the Pods that have ended, creates and deletes Pods, and ends the Job.
 * @throws StatusError when a write is refused; what was done until then is kept in the status.
 */
export async function jobSync(
  job: Stored<Job>,
  context: ReconcileContext,
  backOffs: Map<string, BackOff>,
): Promise<ReconcileResult | void> {
  const { cache, clock } = context;
  const now = clock.now();
  const { uid, deletionTimestamp } = job.metadata;
  const pods = podsOfJob(cache, uid);
  const startTime = startTimeOf(job, now);
  const started = startTime === undefined ? undefined : Date.parse(startTime);
  const assessment = assess(job, pods, started, now);
  const key = keyString(keyOf(job));
  const backOff = nextBackOff(backOffs.get(key) ?? noBackOff, assessment.newSucceeded, assessment.newFailed);
  const endsAll = assessment.verdict !== undefined || deletionTimestamp !== undefined;
  const toTrack = [...(endsAll ? pods.tracked : pods.ended).values()];

  const acted =
    assessment.verdict !== undefined
      ? await deletePods([...pods.active.values()], job, context)
      : deletionTimestamp === undefined
        ? await carryOut(planPods(job, pods, assessment, backOff, now), assessment, job, context)
        : {};

  const after = podsOfJob(cache, uid);
  const verdict = verdictAfter(job, assessment, after);
  const status = { ...statusOf(job, after), ...(startTime === undefined ? {} : { startTime }) };
  const suspended = verdict !== undefined || endsAll ? status : withSuspension(job, status, now);
  const announced =
    verdict === undefined
      ? suspended
      : { ...suspended, conditions: withAnnouncement(suspended.conditions ?? [], verdict, now) };
  const counted = settled(announced, (pod) => after.tracked.has(pod));
  const tracking = track(job, counted, toTrack, assessment, verdict);
  await writeCounts(job, tracking, verdict, context, () => backOffs.set(key, backOff));
  if (acted.error !== undefined) throw acted.error;
  const wait = [acted.wait, untilDeadline(job, started, now)].filter((one) => one !== undefined && one > 0);
  return wait.length === 0 ? undefined : { requeueAfter: Math.min(...(wait as Milliseconds[])) };
}

/** When the Job started, or goes on after it was suspended: then it has its whole time again. */
function startTimeOf({ spec, status }: Job, now: Milliseconds): string | undefined {
  if (spec.suspend === true) return status?.startTime;
  return isTrue({ status }, 'Suspended') ? timestamp(now) : (status?.startTime ?? timestamp(now));
}

/** Deletes Pods of a Job that ends. They keep their finalizers until they are counted. */
async function deletePods(
  pods: readonly Stored<Pod>[],
  job: Stored<Job>,
  { client, events }: ReconcileContext,
): Promise<Acted> {
  const control = podControl(client, events, job);
  return firstError(await Promise.allSettled(pods.map((pod) => control.delete(pod))));
}

async function carryOut(
  plan: PodPlan,
  { indexes }: Assessment,
  job: Stored<Job>,
  { client, events }: ReconcileContext,
): Promise<Acted> {
  const control = podControl(client, events, job);
  switch (plan.do) {
    case 'nothing':
      return {};
    case 'wait':
      return { wait: plan.for };
    case 'delete':
      // A Pod that the Job has too many of is not counted.
      return firstError(
        await Promise.allSettled(
          plan.pods.map(async (pod) => {
            if (isTracked(pod)) await withoutTracking(client, pod);
            await control.delete(pod);
          }),
        ),
      );
    case 'create': {
      const pod = plan.indexes === undefined ? jobPod(job) : undefined;
      const { error } = await slowStart(plan.count, (i) =>
        control.create(pod ?? indexedJobPod(job, plan.indexes?.[i] ?? 0, indexes)),
      );
      return error === undefined ? {} : { error };
    }
  }
}

/** The verdict, once no Pod is active any more; also that all completions have been reached. */
function verdictAfter({ spec }: Job, assessment: Assessment, { active }: JobPods): Verdict | undefined {
  if (active.size > 0) return undefined;
  if (assessment.verdict !== undefined) return assessment.verdict;
  if (assessment.succeeded < (spec.completions ?? 1)) return undefined;
  const message = 'Reached expected number of succeeded pods';
  return { type: 'Complete', reason: 'CompletionsReached', message };
}

function statusOf({ status }: Job, { active, ready, terminating }: JobPods): JobStatus {
  const { active: _, ...rest } = status ?? {};
  return { ...rest, ...(active.size === 0 ? {} : { active: active.size }), ready, terminating };
}

function withSuspension({ spec }: Job, status: JobStatus, now: Milliseconds): JobStatus {
  const before = status.conditions ?? [];
  const state =
    spec.suspend === true
      ? ({ status: 'True', reason: 'JobSuspended', message: 'Job suspended' } as const)
      : ({ status: 'False', reason: 'JobResumed', message: 'Job resumed' } as const);
  const conditions = withJobCondition(before, { type: 'Suspended', ...state }, now);
  return conditions === before ? status : { ...status, conditions };
}

/** Stores what is to be counted, removes the finalizers, stores what is counted, and that the Job is over if it is. */
async function writeCounts(
  job: Stored<Job>,
  { status, release, isFull }: Tracking,
  verdict: Verdict | undefined,
  { client, cache, clock, events }: ReconcileContext,
  stored: () => void,
): Promise<void> {
  const current = await writeStatus(job, status);
  stored();
  if (current !== job) recordSuspension(job, current, events);

  const removed = new Set<string>();
  const removals = release.map(async (pod) => {
    await withoutTracking(client, pod);
    removed.add(pod.metadata.uid);
  });
  const { error } = firstError(await Promise.allSettled(removals));
  const pods = podsOfJob(cache, job.metadata.uid);
  const counted = settled(status, (uid) => !removed.has(uid) && pods.tracked.has(uid));
  const isOver =
    verdict !== undefined && error === undefined && !isFull && isSettled(counted) && pods.terminating === 0;
  if (!isOver) {
    await writeStatus(current, counted);
    if (error !== undefined) throw error;
    return;
  }
  const finished = await writeStatus(current, over({ ...counted, ready: 0, terminating: 0 }, verdict, clock.now()));
  recordEnd(finished, verdict, events);

  async function writeStatus(of: Stored<Job>, next: JobStatus): Promise<Stored<Job>> {
    return semanticEqual(of.status, next) ? of : client.updateStatus({ ...of, status: next });
  }
}

function over(status: JobStatus, { type, reason, message }: Verdict, now: Milliseconds): JobStatus {
  const conditions = withJobCondition(status.conditions ?? [], { type, status: 'True', reason, message }, now);
  return { ...status, conditions, ...(type === 'Complete' ? { completionTime: timestamp(now) } : {}) };
}

function recordSuspension(before: Job, after: Stored<Job>, events: EventRecorder): void {
  const stateOf = ({ status }: Job) => status?.conditions?.find(({ type }) => type === 'Suspended')?.status;
  const state = stateOf(after);
  if (state === stateOf(before)) return;
  if (state === 'True') events.event(after, 'Normal', 'Suspended', 'Job suspended');
  else events.event(after, 'Normal', 'Resumed', 'Job resumed');
}

function recordEnd(job: Stored<Job>, { type, reason, message }: Verdict, events: EventRecorder): void {
  if (type === 'Failed') {
    events.event(job, 'Warning', reason, message);
    return;
  }
  const { completions } = job.spec;
  if (completions !== undefined && (job.status?.succeeded ?? 0) > completions) {
    const tooMany = 'Too many succeeded pods running after completion count reached';
    events.event(job, 'Warning', 'TooManySucceededPods', tooMany);
  }
  events.event(job, 'Normal', 'Completed', 'Job completed');
}

function firstError(results: readonly PromiseSettledResult<unknown>[]): { readonly error?: unknown } {
  const failed = results.find((result) => result.status === 'rejected');
  return failed === undefined ? {} : { error: failed.reason };
}
