import { labelSelectorMatcher, type Pod, type PodDisruptionBudget, type Stored } from '@orrery/api';
import type { Random } from '@orrery/core';
import type { ClusterState } from './cluster-state.ts';
import { fitMessage } from './fit-message.ts';
import type { NodeFailures } from './node-failures.ts';
import type { NodeInfo } from './node-info.ts';
import type { Failure, SchedulerPlugin } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';
import { failureWithPromises } from './schedule.ts';

/** A node that has room for the Pod once the victims are gone. */
export interface Candidate {
  readonly node: string;
  /** Most important first. */
  readonly victims: readonly PodInfo[];
  /** How much it hurts, by kube-scheduler's criteria; the first that differs decides, and less is better. */
  readonly cost: readonly number[];
}

/** What preemption came to: a node to wait for, or why there is none. */
export type Preemption = { readonly candidate: Candidate } | { readonly message: string };

/** What preemption asks of the cluster. */
export interface PreemptionContext {
  readonly cluster: ClusterState;
  readonly plugins: readonly SchedulerPlugin[];
  readonly random: Random;
  readonly budgets: readonly Stored<PodDisruptionBudget>[];
  /** The Pod as it is now, with its status. */
  current(pod: PodInfo): Stored<Pod>;
}

const noVictims = 'No preemption victims found for incoming pod';
const notHelpful = 'Preemption is not helpful for scheduling';
/** How many nodes are tried at least; also at least a tenth of all. */
const leastCandidates = 100;

/**
 * Looks for a node where removing Pods of lower priority makes room (Kubernetes "Pod Priority and Preemption"). Changes
 * nothing that lasts: Pods are taken out of the picture and put back.
 */
export function preempt(
  pod: PodInfo,
  failures: NodeFailures,
  context: PreemptionContext,
  victims: VictimSearch = (node) => {
    const failure = () => failureWithPromises(pod, node, context.cluster, context.plugins);
    return victimsOn(node, pod, stateTrial(node, context.cluster, failure), context);
  },
): Preemption {
  const { cluster } = context;
  if (pod.pod.spec.preemptionPolicy === 'Never') {
    return { message: 'preemption: not eligible due to preemptionPolicy=Never.' };
  }
  if (waitsForVictims(pod, context)) {
    return { message: 'preemption: not eligible due to a terminating pod on the nominated node.' };
  }
  const nodes = cluster.nodes;
  const helpful = failures.resolvable(nodes);
  const wanted = Math.max(leastCandidates, Math.floor(nodes.length / 10));
  const start = helpful.length === 0 ? 0 : context.random.integer(helpful.length);
  const candidates: Candidate[] = [];
  const reasons = new Map<string, number>();
  for (let i = 0; i < helpful.length && candidates.length < wanted; i++) {
    const outcome = victims(helpful[(start + i) % helpful.length] as NodeInfo);
    if (typeof outcome === 'string') reasons.set(outcome, (reasons.get(outcome) ?? 0) + 1);
    else candidates.push(outcome);
  }
  const candidate = bestCandidate(candidates);
  if (candidate !== undefined) return { candidate };
  const others = nodes.length - helpful.length;
  if (others > 0) reasons.set(notHelpful, (reasons.get(notHelpful) ?? 0) + others);
  return { message: `preemption: ${fitMessage({ nodes: nodes.length, reasons })}` };
}

/** Victims of an earlier try are still on their way out of the node that the Pod waits for. */
function waitsForVictims(pod: PodInfo, { cluster, current }: PreemptionContext): boolean {
  const nominated = current(pod).status?.nominatedNodeName;
  const node = nominated === undefined ? undefined : cluster.node(nominated);
  if (node === undefined) return false;
  for (const other of node.pods.values()) {
    if (other.priority >= pod.priority) continue;
    const { metadata, status } = current(other);
    const byScheduler = status?.conditions?.some(
      ({ type, status: isTrue, reason }) =>
        type === 'DisruptionTarget' && isTrue === 'True' && reason === 'PreemptionByScheduler',
    );
    if (metadata.deletionTimestamp !== undefined && byScheduler === true) return true;
  }
  return false;
}

/** Looks for victims on one node; a text says why there are none. */
export type VictimSearch = (node: NodeInfo) => Candidate | string;

/** A node as it would be without some of its Pods. */
export interface Trial {
  remove(pod: PodInfo): void;
  /** Puts a Pod that was removed back. */
  restore(pod: PodInfo): void;
  /** Why the Pod in question does not fit on the node as it is in this trial; undefined if it does. */
  failure(): Failure | undefined;
  /** The node is again as it was. */
  end(): void;
}

/**
 * The fewest Pods of lower priority whose going makes room on a node, beside the Pods that it is promised to; or why there are none.
 */
export function victimsOn(node: NodeInfo, pod: PodInfo, trial: Trial, context: PreemptionContext): Candidate | string {
  const lower = [...node.pods.values()].filter(({ priority }) => priority < pod.priority);
  if (lower.length === 0) return noVictims;
  for (const other of lower) trial.remove(other);
  try {
    const failure = trial.failure();
    if (failure !== undefined) return failure.reasons[0] ?? noVictims;
    const { violating, others } = byBudget(lower.sort(byImportance(context)), context.budgets);
    const victims: PodInfo[] = [];
    let budgetViolations = 0;
    for (const candidate of [...violating, ...others]) {
      trial.restore(candidate);
      if (trial.failure() === undefined) continue;
      trial.remove(candidate);
      victims.push(candidate);
      if (violating.includes(candidate)) budgetViolations++;
    }
    if (victims.length === 0) return noVictims;
    victims.sort(byImportance(context));
    return { node: node.name, victims, cost: cost(victims, budgetViolations, context) };
  } finally {
    trial.end();
  }
}

/** A trial that takes Pods out of the picture of the cluster and puts them back: right for any plugins. */
export function stateTrial(node: NodeInfo, cluster: ClusterState, failure: Trial['failure']): Trial {
  const before = [...node.pods.values()];
  const removed = new Set<PodInfo>();
  return {
    remove(other) {
      cluster.remove(other.uid);
      removed.add(other);
    },
    restore(other) {
      cluster.add(other, node.name);
      removed.delete(other);
    },
    failure,
    end() {
      for (const other of removed) cluster.add(other, node.name);
      // Among equally important Pods, their order decides who is a victim; a trial must not change it.
      node.restoreOrder(before);
    },
  };
}

/** Higher priority first, then the one that runs for longer. */
function byImportance(context: PreemptionContext) {
  return (a: PodInfo, b: PodInfo): number => {
    if (a.priority !== b.priority) return b.priority - a.priority;
    return startTime(a, context) - startTime(b, context);
  };
}

function startTime(pod: PodInfo, { current }: PreemptionContext): number {
  const { status, metadata } = current(pod);
  return Date.parse(status?.startTime ?? metadata.creationTimestamp);
}

/** Divides Pods into those whose going would break a disruption budget and the others, keeping their order. */
function byBudget(
  pods: readonly PodInfo[],
  budgets: readonly Stored<PodDisruptionBudget>[],
): { readonly violating: readonly PodInfo[]; readonly others: readonly PodInfo[] } {
  const left = budgets.map(({ status }) => status?.disruptionsAllowed ?? 0);
  const violating: PodInfo[] = [];
  const others: PodInfo[] = [];
  for (const candidate of pods) {
    const { labels, name } = candidate.pod.metadata;
    let violates = false;
    budgets.forEach(({ metadata, spec, status }, index) => {
      if (metadata.namespace !== candidate.namespace || labels === undefined) return;
      const matcher = labelSelectorMatcher(spec.selector);
      if (matcher.requirements.length === 0 || !matcher.matches(labels)) return;
      if (status?.disruptedPods?.[name] !== undefined) return;
      left[index] = (left[index] ?? 0) - 1;
      if ((left[index] ?? 0) < 0) violates = true;
    });
    (violates ? violating : others).push(candidate);
  }
  return { violating, others };
}

/** Offset that makes sums of priorities, which can be below 0, comparable. */
const priorityOffset = 2 ** 31;

/** kube-scheduler's criteria, in its order. */
function cost(victims: readonly PodInfo[], budgetViolations: number, context: PreemptionContext): readonly number[] {
  const highest = victims[0]?.priority ?? 0;
  let sum = 0;
  let earliestStart = Number.POSITIVE_INFINITY;
  for (const victim of victims) {
    sum += victim.priority + priorityOffset;
    if (victim.priority === highest) earliestStart = Math.min(earliestStart, startTime(victim, context));
  }
  return [budgetViolations, highest, sum, victims.length, -earliestStart];
}

/** The first of those that cost least. */
function bestCandidate(candidates: readonly Candidate[]): Candidate | undefined {
  let best: Candidate | undefined;
  for (const candidate of candidates) if (best === undefined || costsLess(candidate, best)) best = candidate;
  return best;
}

function costsLess(a: Candidate, b: Candidate): boolean {
  for (let i = 0; i < a.cost.length; i++) {
    const difference = (a.cost[i] as number) - (b.cost[i] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
