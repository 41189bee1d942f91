import { equalJson } from '@orrery/api';
import type { NodeInfo } from '../node-info.ts';
import type { Failure, SchedulerPlugin } from '../plugin.ts';
import type { PodInfo } from '../pod-info.ts';
import { readResources } from '../resources.ts';

/** Another Pod has the host port. */
export const portTaken: Failure = {
  reasons: ["node(s) didn't have free ports for the requested pod ports"],
  unresolvable: false,
};

/** A host port can be taken only once per node, address and protocol. */
export const nodePorts: SchedulerPlugin = {
  name: 'NodePorts',
  filter: (pod) =>
    pod.hostPorts.length === 0 ? undefined : (node) => (node.conflictsWith(pod) ? portTaken : undefined),
  retryOnTypes: ['nodeAdded', 'podGone'],
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
  retryOnTypes: ['nodeAdded', 'nodeChanged', 'podGone'],
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

/** The reason when a node has its most Pods. */
export const tooManyPods = 'Too many pods';

/** The reason when a node has too little of a resource. */
export function insufficient(resource: string): string {
  return `Insufficient ${resource}`;
}

/** What a node has too little of for a Pod, as the message says it: `Insufficient memory`, `Too many pods`. */
function lacking(pod: PodInfo, node: NodeInfo): readonly string[] {
  const reasons: string[] = [];
  if (node.pods.size + 1 > (node.allocatable.get('pods') ?? 0)) reasons.push(tooManyPods);
  for (const [name, value] of pod.requests) {
    if (value > 0 && value > (node.allocatable.get(name) ?? 0) - (node.requested.get(name) ?? 0)) {
      reasons.push(insufficient(name));
    }
  }
  return reasons;
}

/** More than the node has when empty: taking Pods away does not help. */
function exceedsNode(pod: PodInfo, node: NodeInfo): boolean {
  for (const [name, value] of pod.requests) if (value > (node.allocatable.get(name) ?? 0)) return true;
  return false;
}

/** 0 to 100: the mean share of cpu and memory that stays free. */
function leastAllocated(pod: PodInfo, { scored, allocatable }: NodeInfo): number {
  return leastAllocatedScore(
    allocatable.get('cpu') ?? 0,
    scored.cpu + pod.scored.cpu,
    allocatable.get('memory') ?? 0,
    scored.memory + pod.scored.memory,
  );
}

/** The same of numbers, in whole numbers as Kubernetes divides them. A resource that the node does not have is left out. */
export function leastAllocatedScore(cpu: number, usedCpu: number, memory: number, usedMemory: number): number {
  if (cpu === 0) return memory === 0 ? 0 : freeShare(memory, usedMemory);
  if (memory === 0) return freeShare(cpu, usedCpu);
  return Math.floor((freeShare(cpu, usedCpu) + freeShare(memory, usedMemory)) / 2);
}

/** 0 to 100. */
function freeShare(allocatable: number, used: number): number {
  return used > allocatable ? 0 : Math.floor(((allocatable - used) * 100) / allocatable);
}

/** Prefers nodes where cpu and memory are used to the same degree. */
export const nodeResourcesBalancedAllocation: SchedulerPlugin = {
  name: 'NodeResourcesBalancedAllocation',
  score: (pod, _, nodes) => (asksForNothing(pod) ? undefined : nodes.map((node) => balancedAllocation(pod, node))),
};

/** Whether balance does not matter to a Pod. */
export function asksForNothing({ requests }: PodInfo): boolean {
  return (requests.get('cpu') ?? 0) === 0 && (requests.get('memory') ?? 0) === 0;
}

/** 0 to 100: the closer the used shares of cpu and memory, the higher. */
function balancedAllocation({ requests: wanted }: PodInfo, { allocatable, requested }: NodeInfo): number {
  return balancedAllocationScore(
    allocatable.get('cpu') ?? 0,
    (requested.get('cpu') ?? 0) + (wanted.get('cpu') ?? 0),
    allocatable.get('memory') ?? 0,
    (requested.get('memory') ?? 0) + (wanted.get('memory') ?? 0),
  );
}

/** The same of numbers. A node that has only one of the two counts as balanced. */
export function balancedAllocationScore(cpu: number, usedCpu: number, memory: number, usedMemory: number): number {
  if (cpu === 0 || memory === 0) return 100;
  const difference = Math.abs(Math.min(1, usedCpu / cpu) - Math.min(1, usedMemory / memory));
  return Math.floor((1 - difference / 2) * 100);
}
