import {
  ControllerRevision,
  keyOf,
  labelSelectorMatcher,
  PersistentVolumeClaim,
  Pod,
  StatefulSet,
  type Stored,
} from '@orrery/api';
import { type Controller, defineController, ownedBy, type ReconcileContext, type ReconcileResult } from '@orrery/core';
import { currentRevision, type Historied, orphanRevisions, revisionsOf } from '../controller-history/history.ts';
import { liveRevisions } from '../controller-history/live-revisions.ts';
import { revisionsToDelete, templateOf } from '../controller-history/revisions.ts';
import { adoptable } from '../workload/adoptable.ts';
import { claim } from '../workload/claim.ts';
import { orphansOf } from '../workload/orphans.ts';
import { indexBySelector } from '../workload/selector-index.ts';
import { unlessGone } from '../workload/unless-gone.ts';
import { nextActions, untilAvailable } from './actions.ts';
import { isMember, StatefulPods } from './stateful-pods.ts';
import { sameStatus, statefulSetStatus } from './status.ts';

const orphans = orphansOf(Pod);
const statefulSets = indexBySelector(StatefulSet, ({ spec }) => labelSelectorMatcher(spec.selector));

/** Keeps Pods that have an identity and claims of their own, one for each ordinal (Kubernetes "StatefulSets"). */
export function statefulSetController(): Controller {
  return defineController({
    name: 'statefulset-controller',
    for: StatefulSet,
    owns: [Pod, ControllerRevision],
    watches: [adoptable(Pod, statefulSets), adoptable(ControllerRevision, statefulSets)],
    reads: [PersistentVolumeClaim],
    indexes: [liveRevisions, orphans.index, orphanRevisions.index, statefulSets.index],
    concurrency: 5,
    priority: 'low',
    rules: [{ apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: ['create', 'update'] }],
    reconcile: (set, context) => unlessGone(StatefulSet, set, () => reconcile(set, context)),
  });
}

async function reconcile(set: Stored<StatefulSet>, context: ReconcileContext): Promise<ReconcileResult | undefined> {
  const { client, cache, clock } = context;
  const { selector, template } = set.spec;
  await claimPods(set, context);
  const history: Historied = { kind: StatefulSet, owner: set, selector, template };
  const revisions = await revisionsOf(client, cache, history);
  const { revision: update, collisionCount } = await currentRevision(
    client,
    history,
    revisions,
    set.status?.collisionCount ?? 0,
  );
  const current = revisions.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update;

  const [currentName, updateName] = [current.metadata.name, update.metadata.name];
  let failure: unknown;
  if (set.metadata.deletionTimestamp === undefined) {
    const actions = nextActions(set, podsOf(set, context), updateName, clock.now());
    const before = { name: currentName, template: templateOf(current) ?? template };
    failure = await new StatefulPods(set, before, { name: updateName, template }, context).act(actions);
  }
  const latest = cache.get(StatefulSet, keyOf(set));
  if (latest?.metadata.uid !== set.metadata.uid) return undefined;
  const pods = podsOf(set, context);
  const names = { current: currentName, update: updateName, collisionCount };
  const counted = { ...set, status: latest.status ?? { replicas: 0 } };
  const status = statefulSetStatus(counted, pods, names, clock.now());
  if (!sameStatus(latest.status, status)) await client.updateStatus({ ...latest, status });
  await cleanUp(set, revisions, new Set([currentName, updateName]), context);
  if (failure !== undefined) throw failure;
  const wait = untilAvailable(set, pods, clock.now());
  return wait === undefined ? undefined : { requeueAfter: wait };
}

function podsOf(set: Stored<StatefulSet>, { cache }: ReconcileContext): readonly Stored<Pod>[] {
  const { uid, namespace = '' } = set.metadata;
  const matcher = labelSelectorMatcher(set.spec.selector);
  return cache
    .list(ownedBy(Pod, uid), { namespace })
    .filter((pod) => isMember(set, pod) && matcher.matches(pod.metadata.labels));
}

/** Adopts orphans with the name of one of the set's Pods, and releases Pods that it no longer selects. */
async function claimPods(set: Stored<StatefulSet>, { client, cache }: ReconcileContext): Promise<void> {
  const { uid, namespace = '' } = set.metadata;
  const matcher = labelSelectorMatcher(set.spec.selector);
  const strangers = cache
    .list(ownedBy(Pod, uid), { namespace })
    .filter(({ metadata }) => !matcher.matches(metadata.labels));
  const candidates = orphans.selectedBy(cache, namespace, matcher).filter((pod) => isMember(set, pod));
  await claim(client, StatefulSet, set, set.spec.selector, Pod, [...candidates, ...strangers]);
}

/** Old revisions that no Pod is of, beyond the limit. */
async function cleanUp(
  set: Stored<StatefulSet>,
  revisions: readonly Stored<ControllerRevision>[],
  used: ReadonlySet<string>,
  { client, cache }: ReconcileContext,
): Promise<void> {
  const limit = set.spec.revisionHistoryLimit ?? 10;
  const live = cache.aggregate(liveRevisions.at(set.metadata.uid));
  const unused = revisions.filter(({ metadata: { name } }) => !used.has(name) && live?.has(name) !== true);
  if (limit < 0) return;
  for (const revision of revisionsToDelete(unused, unused.length - limit)) {
    await client.delete(ControllerRevision, keyOf(revision), { preconditions: { uid: revision.metadata.uid } });
  }
}
