import {
  ControllerRevision,
  controllerOf,
  DaemonSet,
  keyOf,
  keyString,
  labelSelectorMatcher,
  Node,
  Pod,
  type Stored,
} from '@orrery/api';
import {
  type Cache,
  type Controller,
  defineController,
  PerCache,
  type ReconcileContext,
  type ReconcileResult,
  type WatchSource,
} from '@orrery/core';
import { currentRevision, type Historied, orphanRevisions, revisionsOf } from '../controller-history/history.ts';
import { liveRevisions } from '../controller-history/live-revisions.ts';
import { revisionHashLabel, revisionsToDelete } from '../controller-history/revisions.ts';
import { adoptable } from '../workload/adoptable.ts';
import { claim } from '../workload/claim.ts';
import { orphansOf } from '../workload/orphans.ts';
import { indexBySelector } from '../workload/selector-index.ts';
import { selectsEverything } from '../workload/selects-everything.ts';
import { semanticEqual } from '../workload/semantic-equal.ts';
import { unlessGone } from '../workload/unless-gone.ts';
import { DaemonNodes, daemonPods, nowhere, onNode } from './daemon-nodes.ts';
import { targetNode } from './daemon-pod.ts';
import { DaemonPods } from './daemon-pods.ts';
import { daemonSetStatus, sameStatus } from './status.ts';

const orphans = orphansOf(Pod);
const daemonSets = indexBySelector(DaemonSet, ({ spec }) => labelSelectorMatcher(spec.selector));

/** Keeps one Pod on each node that a DaemonSet's template fits (Kubernetes "DaemonSet"). */
export function daemonSetController(): Controller {
  const known = new PerCache<DaemonNodes>();
  return defineController({
    name: 'daemonset-controller',
    for: DaemonSet,
    owns: [Pod, ControllerRevision],
    watches: [
      adoptable(Pod, daemonSets),
      adoptable(ControllerRevision, daemonSets),
      podChanges(known),
      nodeChanges(known),
    ],
    indexes: [daemonPods, liveRevisions, orphans.index, orphanRevisions.index, daemonSets.index],
    concurrency: 2,
    priority: 'low',
    reconcile: (set, context) =>
      unlessGone(DaemonSet, set, () => reconcile(set, nodesOf(known, context.cache, set), context)),
    deleted: (key, { cache }) => void known.of(cache).delete(keyString(key)),
  });
}

function nodesOf(known: PerCache<DaemonNodes>, cache: Cache, set: Stored<DaemonSet>): DaemonNodes {
  const key = keyString(keyOf(set));
  let nodes = known.of(cache).get(key);
  if (nodes?.uid !== set.metadata.uid) {
    nodes = new DaemonNodes(set.metadata.uid);
    known.of(cache).set(key, nodes);
  }
  return nodes;
}

/** Which node a Pod's change concerns is noted for the DaemonSet that has it, or had it before. */
function podChanges(known: PerCache<DaemonNodes>): WatchSource<Pod> {
  return {
    kind: Pod,
    map(pod, { cache, previous }) {
      const keys = [pod, ...(previous === undefined ? [] : [previous])].map((state) => {
        const owner = controllerOf(state);
        if (owner?.kind !== DaemonSet.kind) return undefined;
        const key = keyString({ namespace: state.metadata.namespace ?? '', name: owner.name });
        const nodes = known.of(cache).get(key);
        if (nodes?.uid === owner.uid) nodes.note(targetNode(state) ?? nowhere);
        return key;
      });
      return [...new Set(keys.filter((key) => key !== undefined))];
    },
  };
}

/** A node's labels and taints concern every DaemonSet; its heartbeats concern none. */
function nodeChanges(known: PerCache<DaemonNodes>): WatchSource<Node> {
  return {
    kind: Node,
    map(node, { cache, previous }) {
      if (previous !== undefined && isSameForDaemons(node, previous) && cache.get(Node, keyOf(node)) !== undefined) {
        return [];
      }
      return cache.list(DaemonSet).map((set) => {
        nodesOf(known, cache, set).note(node.metadata.name);
        return keyOf(set);
      });
    },
  };
}

function isSameForDaemons(a: Stored<Node>, b: Stored<Node>): boolean {
  return (
    a.metadata.uid === b.metadata.uid &&
    semanticEqual(a.metadata.labels, b.metadata.labels) &&
    semanticEqual(a.spec?.taints, b.spec?.taints)
  );
}

async function reconcile(
  set: Stored<DaemonSet>,
  nodes: DaemonNodes,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const { client, cache, events, clock } = context;
  if (selectsEverything(set.spec.selector)) {
    const message = 'This daemon set is selecting all pods. A non-empty selector is required.';
    events.event(set, 'Warning', 'SelectingAll', message);
    return undefined;
  }
  if (set.metadata.deletionTimestamp !== undefined) return undefined;
  const { selector, template } = set.spec;
  const history: Historied = { kind: DaemonSet, owner: set, selector, template };
  const revisions = await revisionsOf(client, cache, history);
  const current = await currentRevision(client, history, revisions, set.status?.collisionCount);
  const hash = current.revision.metadata.labels?.[revisionHashLabel] ?? '';
  await claimPods(set, nodes, context);

  const acting = new DaemonPods(set, hash, nodes, context);
  nodes.update(cache, set, hash, clock.now());
  const failure = await acting.manage();
  if (failure === undefined && set.spec.updateStrategy?.type !== 'OnDelete') {
    nodes.update(cache, set, hash, clock.now());
    await acting.roll();
  }
  if (failure === undefined) await cleanUp(set, revisions, current.revision, context);

  nodes.update(cache, set, hash, clock.now());
  const latest = cache.get(DaemonSet, keyOf(set));
  if (latest?.metadata.uid !== set.metadata.uid) return undefined;
  const status = daemonSetStatus(set, nodes.tally.counts, current.collisionCount);
  if (!sameStatus(latest.status, status)) await client.updateStatus({ ...latest, status });
  if (failure !== undefined) throw failure;
  const wait = nodes.untilDue(clock.now());
  return wait === undefined ? undefined : { requeueAfter: wait };
}

/** Adopts orphans, and releases Pods whose labels changed: those on nodes where something did. */
async function claimPods(
  set: Stored<DaemonSet>,
  nodes: DaemonNodes,
  { client, cache }: ReconcileContext,
): Promise<void> {
  const { uid, namespace = '' } = set.metadata;
  const matcher = labelSelectorMatcher(set.spec.selector);
  const candidates = [...orphans.selectedBy(cache, namespace, matcher)];
  for (const node of nodes.changedNodes(cache, set)) {
    const pods = cache.list(daemonPods.at(onNode(uid, node)));
    candidates.push(...pods.filter(({ metadata }) => !matcher.matches(metadata.labels)));
  }
  if (candidates.length === 0) return;
  await claim(client, DaemonSet, set, set.spec.selector, Pod, candidates);
  for (const pod of candidates) nodes.note(targetNode(pod) ?? nowhere);
}

/** Old revisions that no Pod is of, beyond the limit. */
async function cleanUp(
  set: Stored<DaemonSet>,
  revisions: readonly Stored<ControllerRevision>[],
  current: Stored<ControllerRevision>,
  { client, cache }: ReconcileContext,
): Promise<void> {
  const old = revisions.filter(({ metadata }) => metadata.uid !== current.metadata.uid);
  const excess = old.length - (set.spec.revisionHistoryLimit ?? 10);
  if (excess <= 0) return;
  const live = cache.aggregate(liveRevisions.at(set.metadata.uid));
  const unused = old.filter(({ metadata }) => live?.has(metadata.labels?.[revisionHashLabel] ?? '') !== true);
  for (const revision of revisionsToDelete(unused, excess)) {
    await client.delete(ControllerRevision, keyOf(revision), { preconditions: { uid: revision.metadata.uid } });
  }
}
