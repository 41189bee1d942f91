import { everything, type LabelMatcher, labelSelectorMatcher, matcherOf, type Pod } from '@orrery/api';
import type { ClusterState } from '../cluster-state.ts';
import type { NodeInfo } from '../node-info.ts';
import { nodeAllows } from '../node-selector.ts';
import type { Failure, SchedulerPlugin } from '../plugin.ts';
import type { PodInfo } from '../pod-info.ts';
import { untoleratedTaint } from '../tolerations.ts';

/** The topology in which each node is a domain. */
export const hostnameLabel = 'kubernetes.io/hostname';
const zoneLabel = 'topology.kubernetes.io/zone';

/** A domain would be too far ahead. */
export const tooSkewed: Failure = {
  reasons: ["node(s) didn't match pod topology spread constraints"],
  unresolvable: false,
};
/** The node is in no domain. */
export const noLabel: Failure = {
  reasons: ["node(s) didn't match pod topology spread constraints (missing required label)"],
  unresolvable: true,
};

type ApiConstraint = NonNullable<Pod['spec']['topologySpreadConstraints']>[number];

/** A constraint as it applies to one Pod. */
export interface Constraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  readonly selector: LabelMatcher;
  readonly honorsAffinity: boolean;
  readonly honorsTaints: boolean;
}

/** Pods of one kind spread over the domains of a topology (Kubernetes "Pod Topology Spread Constraints"). */
export const podTopologySpread: SchedulerPlugin = {
  name: 'PodTopologySpread',
  weight: 2,
  filter(pod, cluster) {
    const constraints = constraintsOf(pod, 'DoNotSchedule');
    if (constraints.length === 0) return undefined;
    const eligible = cluster.nodes.filter((node) => hasAllKeys(node, constraints));
    const rules = constraints.map((constraint) => {
      const counts = countDomains(constraint, pod, cluster, eligible);
      let least = counts.size < constraint.minDomains ? 0 : Number.POSITIVE_INFINITY;
      for (const count of counts.values()) least = Math.min(least, count);
      const self = constraint.selector.matches(pod.pod.metadata.labels) ? 1 : 0;
      return { constraint, counts, self, least: Number.isFinite(least) ? least : 0 };
    });
    return (node) => {
      for (const { constraint, counts, self, least } of rules) {
        const domain = node.labels?.[constraint.topologyKey];
        if (domain === undefined) return noLabel;
        if ((counts.get(domain) ?? 0) + self - least > constraint.maxSkew) return tooSkewed;
      }
      return undefined;
    };
  },
  score(pod, cluster, nodes) {
    const own = constraintsOf(pod, 'ScheduleAnyway');
    const constraints = own.length > 0 ? own : defaultConstraints(pod, cluster);
    if (constraints.length === 0) return undefined;
    return spreadScores(pod, cluster, nodes, constraints, own.length > 0);
  },
  retryOn(change, pod) {
    if (change.type === 'nodeAdded' || change.type === 'nodeChanged') return true;
    if (change.pod.namespace !== pod.namespace) return false;
    // Labels or an end that came between: what was counted before is not known here.
    if (change.type === 'podChanged') return true;
    const { labels } = change.pod.pod.metadata;
    return constraintsOf(pod, 'DoNotSchedule').some(({ selector }) => selector.matches(labels));
  },
};

/** A Pod's own constraints of one sort. */
export function constraintsOf(pod: PodInfo, action: 'DoNotSchedule' | 'ScheduleAnyway'): readonly Constraint[] {
  const constraints = pod.pod.spec.topologySpreadConstraints;
  if (constraints === undefined) return [];
  return constraints
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === action)
    .map((constraint) => ({
      topologyKey: constraint.topologyKey,
      maxSkew: constraint.maxSkew,
      minDomains: constraint.minDomains ?? 1,
      selector: selectorOf(constraint, pod.pod),
      honorsAffinity: constraint.nodeAffinityPolicy !== 'Ignore',
      honorsTaints: constraint.nodeTaintsPolicy === 'Honor',
    }));
}

/** The selector, narrowed to the Pod's own values of `matchLabelKeys`. */
function selectorOf(constraint: ApiConstraint, pod: Pod): LabelMatcher {
  const selector = labelSelectorMatcher(constraint.labelSelector);
  const labels = pod.metadata.labels;
  const keys = (constraint.matchLabelKeys ?? []).filter((key) => labels?.[key] !== undefined);
  if (keys.length === 0 || selector.matchesNothing) return selector;
  const own = keys.map((key) => ({ key, operator: 'in', values: [labels?.[key] ?? ''] }) as const);
  return matcherOf([...selector.requirements, ...own]);
}

/** What the cluster does for Pods that say nothing but have siblings: it tries to spread them over nodes and zones. */
export function defaultConstraints(pod: PodInfo, cluster: ClusterState): readonly Constraint[] {
  if ((pod.pod.spec.topologySpreadConstraints ?? []).length > 0) return [];
  const selector = cluster.facts.siblingSelector(pod);
  if (selector === undefined || selector === everything) return [];
  const constraint = (topologyKey: string, maxSkew: number): Constraint => ({
    topologyKey,
    maxSkew,
    minDomains: 1,
    selector,
    honorsAffinity: true,
    honorsTaints: false,
  });
  return [constraint(hostnameLabel, 3), constraint(zoneLabel, 5)];
}

function hasAllKeys({ labels }: NodeInfo, constraints: readonly Constraint[]): boolean {
  return constraints.every(({ topologyKey }) => labels?.[topologyKey] !== undefined);
}

function isEligible(node: NodeInfo, constraint: Constraint, { pod }: PodInfo): boolean {
  if (constraint.honorsAffinity && !nodeAllows(pod.spec, node.name, node.labels)) return false;
  if (!constraint.honorsTaints) return true;
  return untoleratedTaint(node.taints, pod.spec.tolerations ?? [], ['NoSchedule', 'NoExecute']) === undefined;
}

/** Matching Pods per domain, over eligible nodes; a domain without any has 0. */
function countDomains(
  constraint: Constraint,
  pod: PodInfo,
  cluster: ClusterState,
  candidates: readonly NodeInfo[],
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const domainOf = new Map<string, string>();
  for (const node of candidates) {
    const domain = node.labels?.[constraint.topologyKey];
    if (domain === undefined || !isEligible(node, constraint, pod)) continue;
    domainOf.set(node.name, domain);
    if (!counts.has(domain)) counts.set(domain, 0);
  }
  for (const group of cluster.groupsOf(pod.namespace)) {
    if (group.terminating || !constraint.selector.matches(group.labels)) continue;
    for (const [name, count] of group.nodes) {
      const domain = domainOf.get(name);
      if (domain !== undefined) counts.set(domain, (counts.get(domain) ?? 0) + count);
    }
  }
  return counts;
}

/** Fewer matching Pods in a node's domains score higher; a constraint with more domains weighs more. */
function spreadScores(
  pod: PodInfo,
  cluster: ClusterState,
  nodes: readonly NodeInfo[],
  constraints: readonly Constraint[],
  needsAllKeys: boolean,
): readonly number[] {
  const ignored = (node: NodeInfo) => needsAllKeys && !hasAllKeys(node, constraints);
  const scored = nodes.filter((node) => !ignored(node));
  const candidates = needsAllKeys ? cluster.nodes.filter((node) => hasAllKeys(node, constraints)) : cluster.nodes;
  const rules = constraints.map((constraint) => {
    const domains = new Set<string>();
    for (const { labels } of scored) {
      const domain = labels?.[constraint.topologyKey];
      if (domain !== undefined) domains.add(domain);
    }
    const size = constraint.topologyKey === hostnameLabel ? scored.length : domains.size;
    return { constraint, weight: Math.log(size + 2), counts: countDomains(constraint, pod, cluster, candidates) };
  });
  const raw = nodes.map((node) => {
    if (ignored(node)) return undefined;
    let sum = 0;
    for (const { constraint, weight, counts } of rules) {
      const domain = node.labels?.[constraint.topologyKey];
      if (domain !== undefined) sum += (counts.get(domain) ?? 0) * weight + (constraint.maxSkew - 1);
    }
    return Math.round(sum);
  });
  let min = Number.POSITIVE_INFINITY;
  let max = 0;
  for (const score of raw) {
    if (score === undefined) continue;
    min = Math.min(min, score);
    max = Math.max(max, score);
  }
  return raw.map((score) => {
    if (score === undefined) return 0;
    return max === 0 ? 100 : Math.floor((100 * (max + min - score)) / max);
  });
}
