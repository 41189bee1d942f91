import { type CronJob, Job, keyOf, type Stored } from '@orrery/api';
import { errorText, type ReconcileContext } from '@orrery/core';

/** Deletes a Job with its Pods, and records an Event on its CronJob. Returns whether it succeeded. */
export async function deleteJob(
  job: Stored<Job>,
  cronJob: Stored<CronJob>,
  { client, events }: ReconcileContext,
): Promise<boolean> {
  try {
    await client.delete(Job, keyOf(job), {
      propagationPolicy: 'Background',
      preconditions: { uid: job.metadata.uid },
    });
  } catch (error) {
    events.event(cronJob, 'Warning', 'FailedDelete', `Deleted job: ${errorText(error)}`);
    return false;
  }
  events.event(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${job.metadata.name}`);
  return true;
}
