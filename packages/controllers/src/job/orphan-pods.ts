import { controllerOf, isNotFound, Job, keyOf, Pod, parseApiVersion, type Stored } from '@orrery/api';
import { type Controller, defineController, type ReconcileContext } from '@orrery/core';
import { unlessGone } from '../workload/unless-gone.ts';
import { isFinished } from './conditions.ts';
import { isTracked, podsOfJob, podsOfJobs } from './job-pods.ts';
import { isOurs } from './managed-by.ts';
import { withoutTracking } from './release.ts';

/**
 * A loop that takes the finalizer from Pods that no Job will count any more: their Job is over, gone, or never theirs. `name` is whose
 * loop it is.
 */
export function orphanPods(name: string): Controller {
  return defineController({
    name,
    for: Pod,
    when: mayBeOrphan,
    indexes: [podsOfJobs],
    watches: [
      {
        kind: Job,
        map: (job, { cache }) =>
          cache.get(Job, keyOf(job))?.metadata.uid === job.metadata.uid && !isFinished(job)
            ? []
            : [...podsOfJob(cache, job.metadata.uid).tracked.values()].map(keyOf),
      },
    ],
    reconcile: (pod, context) =>
      unlessGone(Pod, pod, async () => {
        if (isTracked(pod) && (await isOrphan(pod, context))) await withoutTracking(context.client, pod);
      }),
  });
}

/** Whether a change of a Pod alone can make it one: others wait for a change of their Job. */
function mayBeOrphan(pod: Stored<Pod>): boolean {
  return isTracked(pod) && (controllerOf(pod) === undefined || pod.metadata.deletionTimestamp !== undefined);
}

async function isOrphan(pod: Stored<Pod>, { cache, client }: ReconcileContext): Promise<boolean> {
  const owner = controllerOf(pod);
  if (owner === undefined) return true;
  if (owner.kind !== Job.kind || parseApiVersion(owner.apiVersion).group !== Job.group) return false;
  const key = { namespace: pod.metadata.namespace ?? '', name: owner.name };
  const known = cache.get(Job, key);
  if (known?.metadata.uid === owner.uid) return isOurs(known) && isFinished(known);
  try {
    // The cache may not have heard of the Job yet.
    return (await client.get(Job, key)).metadata.uid !== owner.uid;
  } catch (error) {
    if (isNotFound(error)) return true;
    throw error;
  }
}
