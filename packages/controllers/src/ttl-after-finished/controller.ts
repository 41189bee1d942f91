import { Job, keyOf, type Stored } from '@orrery/api';
import { type Controller, defineController, type Milliseconds } from '@orrery/core';
import { finishedAt } from '../job/conditions.ts';
import { unlessGone } from '../workload/unless-gone.ts';

/** Deletes Jobs with their Pods some time after they are over (Kubernetes "Automatic Cleanup for Finished Jobs"). */
export function ttlAfterFinishedController(): Controller {
  return defineController({
    name: 'ttl-after-finished-controller',
    for: Job,
    when: (job) => untilExpired(job, 0) !== undefined,
    priority: 'low',
    reconcile: (job, { client, clock }) =>
      unlessGone(Job, job, async () => {
        const wait = untilExpired(job, clock.now());
        if (wait === undefined) return undefined;
        if (wait > 0) return { requeueAfter: wait };
        // Its time may have been changed a moment ago: what is stored decides.
        const live = await client.get(Job, keyOf(job));
        const left = untilExpired(live, clock.now());
        if (left === undefined || left > 0) return left === undefined ? undefined : { requeueAfter: left };
        const preconditions = { uid: live.metadata.uid };
        await client.delete(Job, keyOf(live), { propagationPolicy: 'Foreground', preconditions });
        return undefined;
      }),
  });
}

/** Milliseconds until a Job's time to live is over; undefined if it has none, goes on, or is being deleted. */
export function untilExpired(job: Stored<Job>, now: Milliseconds): Milliseconds | undefined {
  const { ttlSecondsAfterFinished: ttl } = job.spec;
  const finished = finishedAt(job);
  if (ttl === undefined || finished === undefined || job.metadata.deletionTimestamp !== undefined) return undefined;
  return Math.max(0, finished + ttl * 1000 - now);
}
