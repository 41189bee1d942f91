import {
  controllerOf,
  type Kind,
  keyOf,
  type LabelSelector,
  labelSelectorMatcher,
  Pod,
  type ReplicaSet,
  type ReplicationController,
  type Stored,
} from '@orrery/api';
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
import { type OrphanIndex, orphansOf } from '../workload/orphans.ts';
import { podControl, podFromTemplate } from '../workload/pod-control.ts';
import { countsOr, type Labels, podsByController } from '../workload/pod-counts.ts';
import { isActive } from '../workload/pod-state.ts';
import { indexBySelector } from '../workload/selector-index.ts';
import { slowStart } from '../workload/slow-start.ts';
import { unlessGone } from '../workload/unless-gone.ts';
import { podsToDelete } from './deletion-rank.ts';
import { type ReplicaFailure, replicaSetStatus, sameStatus } from './status.ts';

/** At most this many Pods are created or deleted in one go. */
const burst = 500;

/** An object that keeps a number of Pods of a template: a ReplicaSet, or a ReplicationController. */
export type Replicated = ReplicaSet | ReplicationController;

interface ReplicaControllerOptions<T extends Replicated> {
  readonly name: string;
  readonly kind: Kind<T>;
  selectorOf(object: Stored<T>): LabelSelector | undefined;
}

/** Keeps as many Pods of its template as each object of a kind asks for. */
export function replicaController<T extends Replicated>(options: ReplicaControllerOptions<T>): Controller {
  const { name, kind, selectorOf } = options;
  const orphans = orphansOf(Pod);
  const selecting = indexBySelector(kind, (object) => labelSelectorMatcher(selectorOf(object)));
  return defineController<T>({
    name,
    for: kind,
    owns: [Pod],
    watches: [adoptable(Pod, selecting)],
    indexes: [podsByController, orphans.index, selecting.index],
    concurrency: 5,
    priority: 'low',
    reconcile: (object, context) =>
      unlessGone(kind, object, () => reconcile({ object, kind, selector: selectorOf(object), orphans }, context)),
  });
}

/** What is reconciled. */
interface Subject<T extends Replicated> {
  readonly object: Stored<T>;
  readonly kind: Kind<T>;
  readonly selector: LabelSelector | undefined;
  readonly orphans: OrphanIndex<Pod>;
}

async function reconcile<T extends Replicated>(
  subject: Subject<T>,
  context: ReconcileContext,
): Promise<ReconcileResult | void> {
  const { object, kind } = subject;
  const { client, cache, clock } = context;
  const { uid, deletionTimestamp } = object.metadata;
  if (deletionTimestamp === undefined) await claimPods(subject, context);
  const failure = deletionTimestamp === undefined ? await correctCount(subject, context) : undefined;

  const now = clock.now();
  const current = cache.get(kind, keyOf(object));
  if (current === undefined || current.metadata.uid !== uid) return;
  const counts = countsOr(cache.aggregate(podsByController.at(uid)));
  const status = replicaSetStatus(current, counts, failure?.condition, now);
  if (!sameStatus(current.status, status)) await client.updateStatus({ ...current, status });
  if (failure !== undefined) throw failure.error;

  const wait = counts.untilAvailable(object.spec.minReadySeconds ?? 0, now);
  return wait === undefined ? undefined : { requeueAfter: wait };
}

/** Adopts and releases Pods. Its own are walked only where the labels of some say that there is one to release. */
async function claimPods<T extends Replicated>(
  { object, kind, selector, orphans }: Subject<T>,
  { client, cache }: ReconcileContext,
): Promise<void> {
  const { uid, namespace = '' } = object.metadata;
  const owned = podsByController.at(uid);
  const counts = countsOr(cache.aggregate(owned));
  const candidates = [...orphans.selectedBy(cache, namespace, labelSelectorMatcher(selector))];
  if (counts.activeWith(selects(selector)) !== counts.active) candidates.push(...cache.list(owned));
  if (candidates.length === 0) return;
  await claim(client, kind, object, selector, Pod, candidates.filter(isActive));
}

function selects(selector: LabelSelector | undefined): (labels: Labels) => boolean {
  const matcher = labelSelectorMatcher(selector);
  return (labels) => matcher.matches(labels);
}

async function correctCount<T extends Replicated>(
  { object, kind, selector }: Subject<T>,
  { client, cache, events, clock }: ReconcileContext,
): Promise<{ readonly condition: ReplicaFailure; readonly error: unknown } | undefined> {
  const owned = podsByController.at(object.metadata.uid);
  const matches = selects(selector);
  const difference = countsOr(cache.aggregate(owned)).activeWith(matches) - (object.spec.replicas ?? 1);
  const control = podControl(client, events, object);
  if (difference < 0) {
    const pod = podFromTemplate(kind, object, object.spec.template ?? {});
    const { error } = await slowStart(Math.min(-difference, burst), () => control.create(pod));
    return error === undefined
      ? undefined
      : { condition: { reason: 'FailedCreate', message: errorText(error) }, error };
  }
  if (difference === 0) return undefined;
  const pods = cache.list(owned).filter((pod) => isActive(pod) && matches(pod.metadata.labels ?? {}));
  const related = relatedPods(cache, kind, object);
  const victims = podsToDelete(pods, Math.min(difference, burst), related, clock.now());
  const results = await Promise.allSettled(victims.map((pod) => control.delete(pod)));
  const failed = results.find((result) => result.status === 'rejected');
  return failed === undefined
    ? undefined
    : { condition: { reason: 'FailedDelete', message: errorText(failed.reason) }, error: failed.reason };
}

/** Per node, the active Pods of all objects of the kind that have the same controller as this one. */
function relatedPods<T extends Replicated>(
  cache: Cache,
  kind: Kind<T>,
  object: Stored<T>,
): ReadonlyMap<string, number> {
  const namespace = object.metadata.namespace ?? '';
  const owner = controllerOf(object);
  const siblings = owner === undefined ? [object] : cache.list(ownedBy(kind, owner.uid), { namespace });
  const counts = new Map<string, number>();
  for (const sibling of siblings) {
    const { nodes } = countsOr(cache.aggregate(podsByController.at(sibling.metadata.uid)));
    for (const [node, count] of nodes) counts.set(node, (counts.get(node) ?? 0) + count);
  }
  return counts;
}
