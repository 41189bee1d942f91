import { equalJson } from '@orrery/api';
import type { NodeInfo } from '../node-info.ts';
import type { Failure, SchedulerPlugin } from '../plugin.ts';
import type { PodInfo } from '../pod-info.ts';
import { readResources } from '../resources.ts';

const portTaken: Failure = {
  reasons: ["node(s) didn't have free ports for the requested pod ports"],
  unresolvable: false,
};

/** A host port can be taken only once per node, address and protocol. */
export const nodePorts: SchedulerPlugin = {
  name: 'NodePorts',
  filter: (pod) =>
    pod.hostPorts.length === 0 ? undefined : (node) => (node.conflictsWith(pod) ? portTaken : undefined),
  retryOn: (change, pod) =>
    change.type === 'nodeAdded' ||
    (change.type === 'podGone' &&
      change.pod.hostPorts.some(({ port }) => pod.hostPorts.some((wanted) => wanted.port === port))),
};

/** The Pod as a whole must fit into what a node has left; emptier nodes score higher (`LeastAllocated`). */
export const nodeResourcesFit: SchedulerPlugin = {
  name: 'NodeResourcesFit',
  filter: (pod) => (node) => {
    const reasons = lacking(pod, node);
    return reasons.length === 0 ? undefined : { reasons, unresolvable: exceedsNode(pod, node) };
  },
  score: (pod, _, nodes) => nodes.map((node) => leastAllocated(pod, node)),
  retryOn(change, pod) {
    if (change.type === 'podGone') return true;
    if (change.type !== 'nodeAdded' && change.type !== 'nodeChanged') return false;
    if (
      change.type === 'nodeChanged' &&
      equalJson(change.node.status?.allocatable, change.previous.status?.allocatable)
    ) {
      return false;
    }
    const allocatable = readResources(change.node.status?.allocatable);
    for (const [name, value] of pod.requests) if (value > (allocatable.get(name) ?? 0)) return false;
    return true;
  },
};

/** What a node has too little of for a Pod, as the message says it: `Insufficient memory`, `Too many pods`. */
function lacking(pod: PodInfo, node: NodeInfo): readonly string[] {
  const reasons: string[] = [];
  if (node.pods.size + 1 > (node.allocatable.get('pods') ?? 0)) reasons.push('Too many pods');
  for (const [name, value] of pod.requests) {
    if (value > 0 && value > (node.allocatable.get(name) ?? 0) - (node.requested.get(name) ?? 0)) {
      reasons.push(`Insufficient ${name}`);
    }
  }
  return reasons;
}

/** More than the node has when empty: taking Pods away does not help. */
function exceedsNode(pod: PodInfo, node: NodeInfo): boolean {
  for (const [name, value] of pod.requests) if (value > (node.allocatable.get(name) ?? 0)) return true;
  return false;
}

/** 0 to 100: the mean share of cpu and memory that stays free, in whole numbers as Kubernetes divides them. */
function leastAllocated(pod: PodInfo, node: NodeInfo): number {
  const { scored } = node;
  let sum = 0;
  let count = 0;
  for (const name of ['cpu', 'memory'] as const) {
    const allocatable = node.allocatable.get(name) ?? 0;
    if (allocatable === 0) continue;
    const requested = scored[name] + pod.scored[name];
    sum += requested > allocatable ? 0 : Math.floor(((allocatable - requested) * 100) / allocatable);
    count++;
  }
  return count === 0 ? 0 : Math.floor(sum / count);
}

/** Prefers nodes where cpu and memory are used to the same degree. */
export const nodeResourcesBalancedAllocation: SchedulerPlugin = {
  name: 'NodeResourcesBalancedAllocation',
  score(pod, _, nodes) {
    const asksForNothing = (pod.requests.get('cpu') ?? 0) === 0 && (pod.requests.get('memory') ?? 0) === 0;
    return asksForNothing ? undefined : nodes.map((node) => balancedAllocation(pod, node));
  },
};

/** 0 to 100: the closer the used shares of cpu and memory, the higher. */
function balancedAllocation(pod: PodInfo, node: NodeInfo): number {
  const shares: number[] = [];
  for (const name of ['cpu', 'memory']) {
    const allocatable = node.allocatable.get(name) ?? 0;
    if (allocatable === 0) continue;
    const requested = (node.requested.get(name) ?? 0) + (pod.requests.get(name) ?? 0);
    shares.push(Math.min(1, requested / allocatable));
  }
  const [first = 0, second = first] = shares;
  return Math.floor((1 - Math.abs(first - second) / 2) * 100);
}
