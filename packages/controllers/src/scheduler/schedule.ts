import type { Random } from '@orrery/core';
import type { ClusterState } from './cluster-state.ts';
import type { NodeInfo } from './node-info.ts';
import type { Failure, NodeFilter, SchedulerPlugin } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';

/** Why one node was not taken, and by which plugin. */
export interface NodeFailure extends Failure {
  readonly plugin: string;
}

/** What came of trying to place a Pod. */
export type Placement =
  | { readonly type: 'placed'; readonly node: string }
  | { readonly type: 'rejected'; readonly plugin: string; readonly message: string }
  | { readonly type: 'unfit'; readonly failures: ReadonlyMap<string, NodeFailure> };

/** Which nodes are looked at, and which Pods are promised room. */
export interface SearchOptions {
  /** Share of nodes to find, in percent; 0 lets the size of the cluster decide (`percentageOfNodesToScore`). */
  readonly percentageOfNodesToScore: number;
  /** Where in the cluster's order to begin; advances with every try, so that all nodes get their chance. */
  readonly start: number;
  /** Pods that wait for victims to leave a node: they count as being there for Pods of no higher priority. */
  nominatedTo(node: string): readonly PodInfo[];
  /** The node that this Pod itself waits for is looked at first. */
  readonly nominatedNode: string | undefined;
}

/** Below this many nodes all are looked at. */
const leastNodes = 100;

/**
 * Where a Pod goes: the node that passes all filters and has the highest weighted score; chance decides between equals.
 * Gives also how many nodes were looked at.
 */
export function place(
  pod: PodInfo,
  cluster: ClusterState,
  plugins: readonly SchedulerPlugin[],
  random: Random,
  options: SearchOptions,
): { readonly placement: Placement; readonly visited: number } {
  const filters = prepareFilters(pod, cluster, plugins);
  if ('rejection' in filters) return { placement: filters.rejection, visited: 0 };
  const { feasible, failures, visited } = search(pod, cluster, plugins, filters.prepared, options);
  const [first] = feasible;
  if (first === undefined) return { placement: { type: 'unfit', failures }, visited };
  const chosen = feasible.length === 1 ? first : best(pod, cluster, plugins, feasible, random);
  return { placement: { type: 'placed', node: chosen.name }, visited };
}

interface PreparedFilter {
  readonly plugin: string;
  readonly filter: NodeFilter;
}

type Prepared =
  | { readonly prepared: readonly PreparedFilter[] }
  | { readonly rejection: Extract<Placement, { type: 'rejected' }> };

function prepareFilters(pod: PodInfo, cluster: ClusterState, plugins: readonly SchedulerPlugin[]): Prepared {
  const prepared: PreparedFilter[] = [];
  for (const plugin of plugins) {
    const filter = plugin.filter?.(pod, cluster);
    if (filter === undefined) continue;
    if (typeof filter !== 'function') {
      return { rejection: { type: 'rejected', plugin: plugin.name, message: filter.message } };
    }
    prepared.push({ plugin: plugin.name, filter });
  }
  return { prepared };
}

function firstFailure(node: NodeInfo, filters: readonly PreparedFilter[]): NodeFailure | undefined {
  for (const { plugin, filter } of filters) {
    const failure = filter(node);
    if (failure !== undefined) return { plugin, ...failure };
  }
  return undefined;
}

/** Whether a Pod fits on one node as the cluster is now. Undefined says yes. */
export function failureOn(
  pod: PodInfo,
  node: NodeInfo,
  cluster: ClusterState,
  plugins: readonly SchedulerPlugin[],
): NodeFailure | undefined {
  const filters = prepareFilters(pod, cluster, plugins);
  if ('rejection' in filters) {
    return { plugin: filters.rejection.plugin, reasons: [filters.rejection.message], unresolvable: true };
  }
  return firstFailure(node, filters.prepared);
}

function search(
  pod: PodInfo,
  cluster: ClusterState,
  plugins: readonly SchedulerPlugin[],
  filters: readonly PreparedFilter[],
  options: SearchOptions,
): {
  readonly feasible: readonly NodeInfo[];
  readonly failures: ReadonlyMap<string, NodeFailure>;
  readonly visited: number;
} {
  const { nodes } = cluster;
  const failures = new Map<string, NodeFailure>();
  const check = (node: NodeInfo) => {
    const promised = options
      .nominatedTo(node.name)
      .filter(({ uid, priority }) => uid !== pod.uid && priority >= pod.priority);
    const failure =
      (promised.length > 0 ? failureWith(promised, pod, node, cluster, plugins) : undefined) ??
      firstFailure(node, filters);
    if (failure !== undefined) failures.set(node.name, failure);
    return failure === undefined;
  };
  const nominated = options.nominatedNode === undefined ? undefined : cluster.node(options.nominatedNode);
  if (nominated !== undefined && check(nominated)) return { feasible: [nominated], failures, visited: 0 };

  const wanted = nodesToFind(nodes.length, options.percentageOfNodesToScore);
  const feasible: NodeInfo[] = [];
  let visited = 0;
  for (; visited < nodes.length && feasible.length < wanted; visited++) {
    const node = nodes[(options.start + visited) % nodes.length];
    if (node !== undefined && check(node)) feasible.push(node);
  }
  return { feasible, failures, visited };
}

/** Tries the node as it will be once the Pods are there that it is promised to. */
function failureWith(
  promised: readonly PodInfo[],
  pod: PodInfo,
  node: NodeInfo,
  cluster: ClusterState,
  plugins: readonly SchedulerPlugin[],
): NodeFailure | undefined {
  const absent = promised.filter(({ uid }) => cluster.placeOf(uid) === undefined);
  for (const other of absent) cluster.add(other, node.name);
  try {
    return failureOn(pod, node, cluster, plugins);
  } finally {
    for (const other of absent) cluster.remove(other.uid);
  }
}

/** How many feasible nodes are enough (`numFeasibleNodesToFind`). */
export function nodesToFind(nodes: number, percentage: number): number {
  if (nodes < leastNodes) return nodes;
  const share = percentage === 0 ? Math.max(5, 50 - Math.floor(nodes / 125)) : percentage;
  if (share >= 100) return nodes;
  return Math.max(leastNodes, Math.floor((nodes * share) / 100));
}

function best(
  pod: PodInfo,
  cluster: ClusterState,
  plugins: readonly SchedulerPlugin[],
  nodes: readonly NodeInfo[],
  random: Random,
): NodeInfo {
  const totals = new Array<number>(nodes.length).fill(0);
  for (const plugin of plugins) {
    const scores = plugin.score?.(pod, cluster, nodes);
    if (scores === undefined) continue;
    const weight = plugin.weight ?? 1;
    for (let i = 0; i < totals.length; i++) totals[i] = (totals[i] ?? 0) + (scores[i] ?? 0) * weight;
  }
  let highest = Number.NEGATIVE_INFINITY;
  let chosen: NodeInfo | undefined;
  let equals = 0;
  nodes.forEach((node, index) => {
    const total = totals[index] ?? 0;
    if (total > highest) {
      highest = total;
      chosen = node;
      equals = 1;
    } else if (total === highest && random.integer(++equals) === 0) chosen = node;
  });
  return chosen as NodeInfo;
}
