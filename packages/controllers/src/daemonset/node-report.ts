import type { DaemonSet, Pod, Stored } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import { revisionHashLabel } from '../controller-history/revisions.ts';
import { isAvailable, isReady, isTerminal, readySince } from '../workload/pod-state.ts';
import { byPrecedence, isUpdated } from './daemon-pod.ts';
import type { Eligibility } from './eligibility.ts';

/** What is to be known of one node to decide what a DaemonSet does there. */
export interface NodeFacts {
  readonly set: Stored<DaemonSet>;
  /** Hash of the present template's revision. */
  readonly hash: string;
  /** Whether two Pods may be on a node for a while (`maxSurge`). */
  readonly surges: boolean;
  /** Undefined where there is no such node. */
  readonly eligibility: Eligibility | undefined;
  /** The DaemonSet's Pods that are on the node or meant for it. */
  readonly pods: readonly Stored<Pod>[];
  readonly now: Milliseconds;
}

/** What a DaemonSet's Pods on one node add to its status, each 0 or 1. */
export interface NodeCounts {
  readonly desired: number;
  readonly current: number;
  readonly misscheduled: number;
  readonly ready: number;
  readonly available: number;
  readonly updated: number;
}

/**
 * Where a node stands in a rolling update. `replace`: its old Pod is of no use, and is replaced at once. `candidate`: its old Pod is
 * available. `retire`: its old Pod goes at once. `misplaced`: its old Pod is available where none should be.
 */
export type RolloutState = 'none' | 'replace' | 'candidate' | 'retire' | 'misplaced';

/** All that one node contributes. Sums of reports are what a DaemonSet decides by. */
export interface NodeReport {
  readonly counts: NodeCounts;
  /** A Pod is missing. */
  readonly create: boolean;
  /** Pods that are too many. */
  readonly excess: readonly Stored<Pod>[];
  /** Pods that ended, to be deleted: those that failed only after a back-off. */
  readonly ended: readonly Stored<Pod>[];
  readonly rollout: {
    readonly state: RolloutState;
    /** The Pod of an earlier template, if there is exactly one. */
    readonly old?: Stored<Pod>;
    readonly unavailable: number;
    readonly surging: number;
    readonly available: number;
  };
  /** When a Pod will have been ready for long enough; undefined when none is on its way. */
  readonly availableAt: Milliseconds | undefined;
}

/** Decides what a DaemonSet does on one node (Kubernetes "DaemonSet"). */
export function nodeReport(facts: NodeFacts): NodeReport {
  const pods = facts.pods.filter((pod) => !(isTerminal(pod) && isDeleting(pod))).sort(byPrecedence);
  return {
    counts: countsOf(facts, pods),
    ...management(facts, pods),
    rollout: facts.surges ? surgingRollout(facts, pods) : plainRollout(facts, pods),
    availableAt: availableAt(facts, pods),
  };
}

function countsOf(facts: NodeFacts, [pod]: readonly Stored<Pod>[]): NodeCounts {
  const { set, hash, eligibility } = facts;
  const nothing = { desired: 0, current: 0, misscheduled: 0, ready: 0, available: 0, updated: 0 };
  if (eligibility === undefined) return nothing;
  if (!eligibility.run) return { ...nothing, misscheduled: pod === undefined ? 0 : 1 };
  if (pod === undefined) return { ...nothing, desired: 1 };
  return {
    desired: 1,
    current: 1,
    misscheduled: 0,
    ready: Number(isReady(pod)),
    available: Number(available(facts, pod)),
    updated: Number(isUpdated(set, hash, pod)),
  };
}

type Management = Pick<NodeReport, 'create' | 'excess' | 'ended'>;

function management(facts: NodeFacts, pods: readonly Stored<Pod>[]): Management {
  const { eligibility, surges } = facts;
  const living = pods.filter((pod) => !isDeleting(pod));
  // Pods of a node that does not exist are Pod GC's, unless they never came to be there.
  if (eligibility === undefined) return { create: false, excess: pods.filter(isUnscheduled), ended: [] };
  if (eligibility.run && pods.length === 0) return { create: true, excess: [], ended: [] };
  if (!eligibility.stay) return { create: false, excess: living, ended: [] };
  const [ended, running] = [living.filter(isTerminal), living.filter((pod) => !isTerminal(pod))];
  if (!surges) return { create: false, excess: running.slice(1), ended };
  return { create: running.length === 0 && eligibility.run, excess: excessWithSurge(facts, running), ended };
}

/** One old Pod stays beside a new one while it is ready and the new one is not yet available. */
function excessWithSurge(facts: NodeFacts, running: readonly Stored<Pod>[]): readonly Stored<Pod>[] {
  if (running.length <= 1) return [];
  const isNew = (pod: Pod) => pod.metadata.labels?.[revisionHashLabel] === facts.hash;
  const [newPod, ...moreNew] = running.filter(isNew);
  const [oldPod, ...moreOld] = running.filter((pod) => !isNew(pod));
  const excess = [...moreNew, ...moreOld];
  if (newPod !== undefined && oldPod !== undefined && (!isReady(oldPod) || available(facts, newPod)))
    excess.push(oldPod);
  return excess;
}

type Rollout = NodeReport['rollout'];
const nothingToRoll: Rollout = { state: 'none', unavailable: 0, surging: 0, available: 0 };

function plainRollout(facts: NodeFacts, pods: readonly Stored<Pod>[]): Rollout {
  if (pods.length === 0 && facts.eligibility?.run !== true) return nothingToRoll;
  const found = pair(facts, pods);
  const missing = { ...nothingToRoll, unavailable: 1 };
  if (found === undefined) return missing;
  const { newPod, oldPod } = found;
  if ((newPod === undefined) === (oldPod === undefined)) return missing;
  if (oldPod === undefined) return newPod !== undefined && available(facts, newPod) ? nothingToRoll : missing;
  if (!available(facts, oldPod)) return { ...missing, state: 'replace', old: oldPod };
  return { ...nothingToRoll, state: 'candidate', old: oldPod };
}

function surgingRollout(facts: NodeFacts, pods: readonly Stored<Pod>[]): Rollout {
  const found = pair(facts, pods);
  if (found === undefined) return { ...nothingToRoll, surging: 1 };
  const { newPod, oldPod } = found;
  const counted = oldPod ?? newPod;
  const isServing = counted !== undefined && available(facts, counted);
  const rollout = { ...nothingToRoll, available: Number(isServing) };
  if (oldPod === undefined) return rollout;
  const old = { ...rollout, old: oldPod };
  if (newPod !== undefined) return available(facts, newPod) ? { ...old, state: 'retire' } : { ...old, surging: 1 };
  const runs = facts.eligibility?.run === true;
  if (!isServing) return { ...old, state: runs ? 'replace' : 'retire' };
  return { ...old, state: runs ? 'candidate' : 'misplaced' };
}

/** The one Pod of the present template and the one of an earlier; undefined where there are several of one. */
function pair(
  { set, hash }: NodeFacts,
  pods: readonly Stored<Pod>[],
): { readonly newPod: Stored<Pod> | undefined; readonly oldPod: Stored<Pod> | undefined } | undefined {
  const living = pods.filter((pod) => !isDeleting(pod));
  const newPods = living.filter((pod) => isUpdated(set, hash, pod));
  if (newPods.length > 1 || living.length - newPods.length > 1) return undefined;
  return { newPod: newPods[0], oldPod: living.find((pod) => pod !== newPods[0]) };
}

function availableAt({ set, now }: NodeFacts, pods: readonly Stored<Pod>[]): Milliseconds | undefined {
  const wait = (set.spec.minReadySeconds ?? 0) * 1000;
  if (wait === 0) return undefined;
  let next: Milliseconds | undefined;
  for (const pod of pods) {
    const since = readySince(pod);
    if (since !== undefined && since + wait > now) next = Math.min(next ?? Number.POSITIVE_INFINITY, since + wait);
  }
  return next;
}

function available({ set, now }: NodeFacts, pod: Pod): boolean {
  return isAvailable(pod, set.spec.minReadySeconds ?? 0, now);
}

function isDeleting({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined;
}

function isUnscheduled({ spec: { nodeName = '' } }: Pod): boolean {
  return nodeName === '';
}
