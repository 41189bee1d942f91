import { labelSelectorMatcher, type Pod, type PodDisruptionBudget, type Stored } from '@orrery/api';
import type { Random } from '@orrery/core';
import type { ClusterState } from './cluster-state.ts';
import { fitMessage } from './fit-message.ts';
import type { NodeInfo } from './node-info.ts';
import type { SchedulerPlugin } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';
import { failureOn, type NodeFailure } from './schedule.ts';

/** A node that has room for the Pod once the victims are gone. */
export interface Candidate {
  readonly node: string;
  /** Most important first. */
  readonly victims: readonly PodInfo[];
  /** How many disruption budgets' victims there are: they are best effort. */
  readonly budgetViolations: number;
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
  failures: ReadonlyMap<string, NodeFailure>,
  context: PreemptionContext,
): Preemption {
  const { cluster } = context;
  if (pod.pod.spec.preemptionPolicy === 'Never') {
    return { message: 'preemption: not eligible due to preemptionPolicy=Never.' };
  }
  if (waitsForVictims(pod, context)) {
    return { message: 'preemption: not eligible due to a terminating pod on the nominated node.' };
  }
  const nodes = cluster.nodes;
  const helpful = nodes.filter(({ name }) => failures.get(name)?.unresolvable === false);
  const wanted = Math.max(leastCandidates, Math.floor(nodes.length / 10));
  const start = helpful.length === 0 ? 0 : context.random.integer(helpful.length);
  const candidates: Candidate[] = [];
  const reasons: string[] = [];
  for (let i = 0; i < helpful.length && candidates.length < wanted; i++) {
    const node = helpful[(start + i) % helpful.length] as NodeInfo;
    const outcome = victimsOn(node, pod, context);
    if (typeof outcome === 'string') reasons.push(outcome);
    else candidates.push(outcome);
  }
  const candidate = bestCandidate(candidates, context);
  if (candidate !== undefined) return { candidate };
  for (const { name } of nodes) if (failures.get(name)?.unresolvable !== false) reasons.push(notHelpful);
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

/** The fewest Pods of lower priority whose going makes room on a node, or why there are none. */
function victimsOn(node: NodeInfo, pod: PodInfo, context: PreemptionContext): Candidate | string {
  const { cluster, plugins } = context;
  const lower = [...node.pods.values()].filter(({ priority }) => priority < pod.priority);
  if (lower.length === 0) return noVictims;
  const removed = new Set(lower);
  for (const { uid } of lower) cluster.remove(uid);
  try {
    const failure = failureOn(pod, node, cluster, plugins);
    if (failure !== undefined) return failure.reasons[0] ?? noVictims;
    const { violating, others } = byBudget(lower.sort(byImportance(context)), context.budgets);
    const victims: PodInfo[] = [];
    let budgetViolations = 0;
    for (const candidate of [...violating, ...others]) {
      cluster.add(candidate, node.name);
      removed.delete(candidate);
      if (failureOn(pod, node, cluster, plugins) === undefined) continue;
      cluster.remove(candidate.uid);
      removed.add(candidate);
      victims.push(candidate);
      if (violating.includes(candidate)) budgetViolations++;
    }
    if (victims.length === 0) return noVictims;
    return { node: node.name, victims: victims.sort(byImportance(context)), budgetViolations };
  } finally {
    for (const candidate of removed) cluster.add(candidate, node.name);
  }
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

/** The candidate that hurts least, by kube-scheduler's six criteria. */
function bestCandidate(candidates: readonly Candidate[], context: PreemptionContext): Candidate | undefined {
  const highest = ({ victims }: Candidate) => victims[0]?.priority ?? 0;
  const sum = ({ victims }: Candidate) => victims.reduce((total, { priority }) => total + priority + priorityOffset, 0);
  const earliestStart = (candidate: Candidate) =>
    Math.min(
      ...candidate.victims
        .filter(({ priority }) => priority === highest(candidate))
        .map((victim) => startTime(victim, context)),
    );
  const criteria: readonly ((candidate: Candidate) => number)[] = [
    ({ budgetViolations }) => budgetViolations,
    highest,
    sum,
    ({ victims }) => victims.length,
    (candidate) => -earliestStart(candidate),
  ];
  let left = candidates;
  for (const criterion of criteria) {
    if (left.length < 2) break;
    const scores = left.map(criterion);
    const least = Math.min(...scores);
    left = left.filter((_, index) => scores[index] === least);
  }
  return left[0];
}
