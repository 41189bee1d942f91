import { controllerOf, keyOf, labelSelectorMatcher, Pod, ReplicaSet, type Stored } from '@orrery/api';
import {
  type Cache,
  type Controller,
  defineController,
  errorText,
  ownedBy,
  type ReconcileContext,
  type ReconcileResult,
} from '@orrery/core';
import { adoptable } from '../workload/adoptable.ts';
import { claim } from '../workload/claim.ts';
import { orphansOf } from '../workload/orphans.ts';
import { podControl, podFromTemplate } from '../workload/pod-control.ts';
import { countsOr, type Labels, podsByController } from '../workload/pod-counts.ts';
import { isActive } from '../workload/pod-state.ts';
import { indexBySelector } from '../workload/selector-index.ts';
import { slowStart } from '../workload/slow-start.ts';
import { unlessGone } from '../workload/unless-gone.ts';
import { podsToDelete } from './deletion-rank.ts';
import { type ReplicaFailure, replicaSetStatus, sameStatus } from './status.ts';

const orphans = orphansOf(Pod);
const replicaSets = indexBySelector(ReplicaSet, ({ spec }) => labelSelectorMatcher(spec.selector));

/** At most this many Pods are created or deleted in one go. */
const burst = 500;

/** Keeps as many Pods of its template as a ReplicaSet asks for (Kubernetes "ReplicaSet"). */
export function replicaSetController(): Controller {
  return defineController({
    name: 'replicaset-controller',
    for: ReplicaSet,
    owns: [Pod],
    watches: [adoptable(Pod, replicaSets)],
    indexes: [podsByController, orphans.index, replicaSets.index],
    concurrency: 5,
    priority: 'low',
    reconcile: (replicaSet, context) => unlessGone(ReplicaSet, replicaSet, () => reconcile(replicaSet, context)),
  });
}

async function reconcile(replicaSet: Stored<ReplicaSet>, context: ReconcileContext): Promise<ReconcileResult | void> {
  const { client, cache, clock } = context;
  const { uid, deletionTimestamp } = replicaSet.metadata;
  if (deletionTimestamp === undefined) await claimPods(replicaSet, context);
  const failure = deletionTimestamp === undefined ? await correctCount(replicaSet, context) : undefined;

  const now = clock.now();
  const current = cache.get(ReplicaSet, keyOf(replicaSet));
  if (current === undefined || current.metadata.uid !== uid) return;
  const counts = countsOr(cache.aggregate(podsByController.at(uid)));
  const status = replicaSetStatus(current, counts, failure?.condition, now);
  if (!sameStatus(current.status, status)) await client.updateStatus({ ...current, status });
  if (failure !== undefined) throw failure.error;

  const wait = counts.untilAvailable(replicaSet.spec.minReadySeconds ?? 0, now);
  return wait === undefined ? undefined : { requeueAfter: wait };
}

/** Adopts and releases Pods. Its own are walked only where the labels of some say that there is one to release. */
async function claimPods(replicaSet: Stored<ReplicaSet>, { client, cache }: ReconcileContext): Promise<void> {
  const { selector } = replicaSet.spec;
  const { uid, namespace = '' } = replicaSet.metadata;
  const owned = podsByController.at(uid);
  const counts = countsOr(cache.aggregate(owned));
  const candidates = [...orphans.selectedBy(cache, namespace, labelSelectorMatcher(selector))];
  if (counts.activeWith(selects(selector)) !== counts.active) candidates.push(...cache.list(owned));
  if (candidates.length === 0) return;
  await claim(client, ReplicaSet, replicaSet, selector, Pod, candidates.filter(isActive));
}

function selects(selector: ReplicaSet['spec']['selector']): (labels: Labels) => boolean {
  const matcher = labelSelectorMatcher(selector);
  return (labels) => matcher.matches(labels);
}

async function correctCount(
  replicaSet: Stored<ReplicaSet>,
  { client, cache, events, clock }: ReconcileContext,
): Promise<{ readonly condition: ReplicaFailure; readonly error: unknown } | undefined> {
  const owned = podsByController.at(replicaSet.metadata.uid);
  const matches = selects(replicaSet.spec.selector);
  const difference = countsOr(cache.aggregate(owned)).activeWith(matches) - (replicaSet.spec.replicas ?? 1);
  const control = podControl(client, events, replicaSet);
  if (difference < 0) {
    const pod = podFromTemplate(ReplicaSet, replicaSet, replicaSet.spec.template ?? {});
    const { error } = await slowStart(Math.min(-difference, burst), () => control.create(pod));
    return error === undefined
      ? undefined
      : { condition: { reason: 'FailedCreate', message: errorText(error) }, error };
  }
  if (difference === 0) return undefined;
  const pods = cache.list(owned).filter((pod) => isActive(pod) && matches(pod.metadata.labels ?? {}));
  const victims = podsToDelete(pods, Math.min(difference, burst), relatedPods(cache, replicaSet), clock.now());
  const results = await Promise.allSettled(victims.map((pod) => control.delete(pod)));
  const failed = results.find((result) => result.status === 'rejected');
  return failed === undefined
    ? undefined
    : { condition: { reason: 'FailedDelete', message: errorText(failed.reason) }, error: failed.reason };
}

/** Per node, the active Pods of all ReplicaSets that have the same controller as this one. */
function relatedPods(cache: Cache, replicaSet: Stored<ReplicaSet>): ReadonlyMap<string, number> {
  const namespace = replicaSet.metadata.namespace ?? '';
  const owner = controllerOf(replicaSet);
  const siblings = owner === undefined ? [replicaSet] : cache.list(ownedBy(ReplicaSet, owner.uid), { namespace });
  const counts = new Map<string, number>();
  for (const sibling of siblings) {
    const { nodes } = countsOr(cache.aggregate(podsByController.at(sibling.metadata.uid)));
    for (const [node, count] of nodes) counts.set(node, (counts.get(node) ?? 0) + count);
  }
  return counts;
}
