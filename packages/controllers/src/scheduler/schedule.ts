import type { Random } from '@orrery/core';
import type { ClusterState } from './cluster-state.ts';
import { failuresByNode, type NodeFailure, type NodeFailures } from './node-failures.ts';
import type { NodeInfo } from './node-info.ts';
import type { NodeFilter, SchedulerPlugin } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';

/** What came of trying to place a Pod. */
export type Placement =
  | { readonly type: 'placed'; readonly node: string }
  | { readonly type: 'rejected'; readonly plugin: string; readonly message: string }
  | { readonly type: 'unfit'; readonly failures: NodeFailures };

/** Which nodes are looked at. */
export interface SearchOptions {
  /** Share of nodes to find, in percent; 0 lets the size of the cluster decide (`percentageOfNodesToScore`). */
  readonly percentageOfNodesToScore: number;
  /** Where in the cluster's order to begin; advances with every try, so that all nodes get their chance. */
  readonly start: number;
  /** Called with the nodes that fit, when there are several, and their scores. */
  scored?(nodes: readonly NodeInfo[], totals: ArrayLike<number>): void;
}

/** Below this many nodes all are looked at. */
const leastNodes = 100;

/** A placement, and how many nodes were looked at for it. */
export interface Try {
  readonly placement: Placement;
  readonly visited: number;
}

/**
 * Where a Pod goes: the node that passes all filters and has the highest weighted score; chance decides between equals. This
 * asks every plugin about every node, and is right for any plugins; `ColumnarPlacer` finds the same for the built-in ones.
 */
export function place(
  pod: PodInfo,
  cluster: ClusterState,
  plugins: readonly SchedulerPlugin[],
  random: Random,
  options: SearchOptions,
): Try {
  const filters = prepareFilters(pod, cluster, plugins);
  if ('rejection' in filters) return { placement: filters.rejection, visited: 0 };
  const { feasible, failures, visited } = search(pod, cluster, plugins, filters.prepared, options);
  const [first] = feasible;
  if (first === undefined) return { placement: { type: 'unfit', failures: failuresByNode(failures) }, visited };
  const chosen = feasible.length === 1 ? first : best(pod, cluster, plugins, feasible, random, options);
  return { placement: { type: 'placed', node: chosen.name }, visited };
}

/** What a plugin has to say about the nodes for one Pod. */
export interface PreparedFilter {
  readonly plugin: string;
  readonly filter: NodeFilter;
}

type Prepared =
  | { readonly prepared: readonly PreparedFilter[] }
  | { readonly rejection: Extract<Placement, { type: 'rejected' }> };

/** Asks all plugins for their filters, or for a rejection: then no node is looked at. */
export function prepareFilters(pod: PodInfo, cluster: ClusterState, plugins: readonly SchedulerPlugin[]): Prepared {
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

/** What the first filter that fails says of a node. */
export function firstFailure(node: NodeInfo, filters: readonly PreparedFilter[]): NodeFailure | undefined {
  for (const { plugin, filter } of filters) {
    const failure = filter(node);
    if (failure !== undefined) return { plugin, ...failure };
  }
  return undefined;
}

/** Whether a Pod fits on one node as the cluster is now. Undefined says yes. */
function failureOn(
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
  readonly failures: ReadonlyMap<NodeInfo, NodeFailure>;
  readonly visited: number;
} {
  const { nodes } = cluster;
  const failures = new Map<NodeInfo, NodeFailure>();
  const check = (node: NodeInfo) => {
    const failure = failureBesidePromised(pod, node, cluster, plugins) ?? firstFailure(node, filters);
    if (failure !== undefined) failures.set(node, failure);
    return failure === undefined;
  };
  // The node that this Pod itself waits for is looked at first.
  const nominated = cluster.node(cluster.nominations.nodeOf(pod.uid) ?? '');
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

/** Whether a Pod fits on one node as the cluster is now, with the Pods that the node is promised to and without. */
export function failureWithPromises(
  pod: PodInfo,
  node: NodeInfo,
  cluster: ClusterState,
  plugins: readonly SchedulerPlugin[],
): NodeFailure | undefined {
  return failureBesidePromised(pod, node, cluster, plugins) ?? failureOn(pod, node, cluster, plugins);
}

/**
 * Tries the node as it will be once the Pods of no lower priority are there that it is promised to. Undefined if the Pod fits beside
 * them, or if there are none.
 */
function failureBesidePromised(
  pod: PodInfo,
  node: NodeInfo,
  cluster: ClusterState,
  plugins: readonly SchedulerPlugin[],
): NodeFailure | undefined {
  const absent = awaitedPods(node, cluster, pod.priority, pod.uid);
  if (absent.length === 0) return undefined;
  for (const other of absent) cluster.add(other, node.name);
  try {
    return failureOn(pod, node, cluster, plugins);
  } finally {
    for (const other of absent) cluster.remove(other.uid);
  }
}

/** Pods that a node is promised to and that are on no node yet, of this priority or a higher one. */
export function awaitedPods(
  { name }: NodeInfo,
  cluster: ClusterState,
  priority: number,
  except?: string,
): readonly PodInfo[] {
  const promises = cluster.nominations.on(name);
  if (promises.size === 0) return [];
  return [...promises.values()].filter(
    (other) => other.uid !== except && other.priority >= priority && cluster.placeOf(other.uid) === undefined,
  );
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
  options: SearchOptions,
): NodeInfo {
  const totals = new Array<number>(nodes.length).fill(0);
  for (const plugin of plugins) {
    const scores = plugin.score?.(pod, cluster, nodes);
    if (scores === undefined) continue;
    const weight = plugin.weight ?? 1;
    for (let i = 0; i < totals.length; i++) totals[i] = (totals[i] ?? 0) + (scores[i] ?? 0) * weight;
  }
  options.scored?.(nodes, totals);
  return nodes[highest(totals, totals.length, random)] as NodeInfo;
}

/** The index of the highest of the first `count` totals; chance decides between equals, drawing at each as they come. */
export function highest(totals: ArrayLike<number>, count: number, random: Random): number {
  let most = Number.NEGATIVE_INFINITY;
  let chosen = 0;
  let equals = 0;
  for (let i = 0; i < count; i++) {
    const total = totals[i] as number;
    if (total > most) {
      most = total;
      chosen = i;
      equals = 1;
    } else if (total === most && random.integer(++equals) === 0) chosen = i;
  }
  return chosen;
}
