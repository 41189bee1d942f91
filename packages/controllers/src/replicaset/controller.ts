import { controllerOf, keyOf, Pod, ReplicaSet, type Stored } from '@orrery/api';
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
import { isActive, readySince } from '../workload/pod-state.ts';
import { slowStart } from '../workload/slow-start.ts';
import { unlessGone } from '../workload/unless-gone.ts';
import { podsToDelete } from './deletion-rank.ts';
import { type ReplicaFailure, replicaSetStatus, sameStatus } from './status.ts';

/** At most this many Pods are created or deleted in one go. */
const burst = 500;

const orphans = orphansOf(Pod);

/** Keeps as many Pods of its template as a ReplicaSet asks for (Kubernetes "ReplicaSet"). */
export function replicaSetController(): Controller {
  return defineController({
    name: 'replicaset-controller',
    for: ReplicaSet,
    owns: [Pod],
    watches: [adoptable(Pod, ReplicaSet, ({ spec }) => spec.selector)],
    indexes: [orphans],
    concurrency: 5,
    reconcile: (replicaSet, context) => unlessGone(ReplicaSet, replicaSet, () => reconcile(replicaSet, context)),
  });
}

async function reconcile(replicaSet: Stored<ReplicaSet>, context: ReconcileContext): Promise<ReconcileResult | void> {
  const { client, cache, clock } = context;
  const pods = await claim(
    client,
    ReplicaSet,
    replicaSet,
    replicaSet.spec.selector,
    Pod,
    candidates(cache, replicaSet),
  );
  const failure =
    replicaSet.metadata.deletionTimestamp === undefined ? await correctCount(replicaSet, pods, context) : undefined;

  const now = clock.now();
  const current = cache.get(ReplicaSet, keyOf(replicaSet));
  if (current === undefined || current.metadata.uid !== replicaSet.metadata.uid) return;
  const counted = [...candidates(cache, replicaSet)].filter(
    (pod) => isActive(pod) && controllerOf(pod)?.uid === replicaSet.metadata.uid,
  );
  const status = replicaSetStatus(current, counted, failure?.condition, now);
  if (!sameStatus(current.status, status)) await client.updateStatus<ReplicaSet>({ ...current, status });
  if (failure !== undefined) throw failure.error;

  const wait = untilAvailable(replicaSet, counted, now);
  return wait === undefined ? undefined : { requeueAfter: wait };
}

function* candidates(cache: Cache, replicaSet: Stored<ReplicaSet>): Generator<Stored<Pod>> {
  const namespace = replicaSet.metadata.namespace ?? '';
  for (const pod of cache.list(ownedBy(Pod, replicaSet.metadata.uid), { namespace })) {
    if (isActive(pod)) yield pod;
  }
  for (const pod of cache.list(orphans.at(namespace))) {
    if (isActive(pod)) yield pod;
  }
}

async function correctCount(
  replicaSet: Stored<ReplicaSet>,
  pods: readonly Stored<Pod>[],
  { client, cache, events, clock }: ReconcileContext,
): Promise<{ readonly condition: ReplicaFailure; readonly error: unknown } | undefined> {
  const difference = pods.length - (replicaSet.spec.replicas ?? 1);
  const control = podControl(client, events, replicaSet);
  if (difference < 0) {
    const pod = podFromTemplate(ReplicaSet, replicaSet, replicaSet.spec.template ?? {});
    const { error } = await slowStart(Math.min(-difference, burst), () => control.create(pod));
    return error === undefined
      ? undefined
      : { condition: { reason: 'FailedCreate', message: errorText(error) }, error };
  }
  if (difference === 0) return undefined;
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
    for (const pod of cache.list(ownedBy(Pod, sibling.metadata.uid), { namespace })) {
      const node = pod.spec.nodeName;
      if (node !== undefined && isActive(pod)) counts.set(node, (counts.get(node) ?? 0) + 1);
    }
  }
  return counts;
}

/** Milliseconds until the next ready Pod has been ready for `minReadySeconds`; undefined when none is on its way. */
function untilAvailable(replicaSet: ReplicaSet, pods: readonly Pod[], now: number): number | undefined {
  const minReady = (replicaSet.spec.minReadySeconds ?? 0) * 1000;
  if (minReady === 0) return undefined;
  let wait: number | undefined;
  for (const pod of pods) {
    const since = readySince(pod);
    if (since === undefined || since + minReady <= now) continue;
    wait = Math.min(wait ?? Number.POSITIVE_INFINITY, since + minReady - now);
  }
  return wait;
}
