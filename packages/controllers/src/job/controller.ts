import { Job, keyOf, keyString, type LabelMatcher, labelSelectorMatcher, Pod, type Stored } from '@orrery/api';
import { type Controller, defineController, PerCache, type ReconcileContext, type ReconcileResult } from '@orrery/core';
import { adoptable } from '../workload/adoptable.ts';
import { claim } from '../workload/claim.ts';
import { orphansOf } from '../workload/orphans.ts';
import { indexBySelector } from '../workload/selector-index.ts';
import { unlessGone } from '../workload/unless-gone.ts';
import type { BackOff } from './back-off.ts';
import { completionIndexKey } from './completion-index.ts';
import { isFinished } from './conditions.ts';
import { type JobPods, podsOfJob, podsOfJobs, trackingFinalizer } from './job-pods.ts';
import { jobSync } from './job-sync.ts';
import { isOurs } from './managed-by.ts';
import { orphanPods } from './orphan-pods.ts';

const name = 'job-controller';
const orphans = orphansOf(Pod);
const jobs = indexBySelector(Job, ({ spec }) => labelSelectorMatcher(spec.selector));

/** Runs Pods until as many as a Job asks for have succeeded (Kubernetes "Jobs"). */
export function jobController(): Controller {
  const [main, rest] = [mainLoop(), orphanPods(name)];
  return {
    ...main,
    async start(context) {
      await Promise.all([main.start(context), rest.start(context)]);
    },
  };
}

function mainLoop(): Controller {
  const backOffs = new PerCache<BackOff>();
  return defineController({
    name,
    for: Job,
    owns: [Pod],
    watches: [adoptable(Pod, jobs)],
    indexes: [podsOfJobs, orphans.index, jobs.index],
    concurrency: 5,
    priority: 'low',
    reconcile: (job, context) => unlessGone(Job, job, () => reconcile(job, context, backOffs.of(context.cache))),
    deleted(key, { cache }) {
      backOffs.of(cache).delete(keyString(key));
    },
  });
}

async function reconcile(
  job: Stored<Job>,
  context: ReconcileContext,
  backOffs: Map<string, BackOff>,
): Promise<ReconcileResult | void> {
  if (!isOurs(job)) return;
  if (isFinished(job)) {
    backOffs.delete(keyString(keyOf(job)));
    return;
  }
  if (job.metadata.deletionTimestamp === undefined) await claimPods(job, context);
  return jobSync(job, context, backOffs);
}

/** Adopts and releases Pods. Its own are walked only where the labels of some say that there is one to release. */
async function claimPods(job: Stored<Job>, { client, cache }: ReconcileContext): Promise<void> {
  const { selector } = job.spec;
  const { uid, namespace = '' } = job.metadata;
  const matcher = labelSelectorMatcher(selector);
  const candidates = [...orphans.selectedBy(cache, namespace, matcher)];
  if (mayRelease(podsOfJob(cache, uid), matcher)) candidates.push(...cache.list(podsOfJobs.at(uid)));
  if (candidates.length > 0) await claim(client, Job, job, selector, Pod, candidates, [trackingFinalizer]);
}

function mayRelease(pods: JobPods, matcher: LabelMatcher): boolean {
  // Pods are told apart by their labels without that of their index, which few selectors mention.
  if (matcher.requirements.some(({ key }) => key === completionIndexKey)) return true;
  return !pods.everyLabels((labels) => matcher.matches(labels));
}
