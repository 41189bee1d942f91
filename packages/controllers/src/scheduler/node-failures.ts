import type { NodeInfo } from './node-info.ts';
import type { Failure } from './plugin.ts';

/** Why one node was not taken, and by which plugin. */
export interface NodeFailure extends Failure {
  readonly plugin: string;
}

/** Why each node that was looked at was not taken. */
export interface NodeFailures {
  /** Undefined for a node that was not looked at. */
  of(node: NodeInfo): NodeFailure | undefined;
  /** Those of all the cluster's nodes on which taking Pods away may help, in their order. */
  resolvable(nodes: readonly NodeInfo[]): readonly NodeInfo[];
  /** Each failure that occurred, with the number of nodes that had it. */
  counts(): Iterable<readonly [failure: NodeFailure, nodes: number]>;
}

/** No node was looked at. */
export const noFailures: NodeFailures = { of: () => undefined, resolvable: () => [], counts: () => [] };

/** Failures that were found node by node. */
export function failuresByNode(failures: ReadonlyMap<NodeInfo, NodeFailure>): NodeFailures {
  return {
    of: (node) => failures.get(node),
    resolvable: (nodes) => nodes.filter((node) => failures.get(node)?.unresolvable === false),
    counts: () => [...failures.values()].map((failure) => [failure, 1]),
  };
}

/** What failures come to: how many nodes there are for each reason, and the plugins that gave any. */
export function summary(failures: NodeFailures): {
  readonly reasons: ReadonlyMap<string, number>;
  readonly plugins: ReadonlySet<string>;
} {
  const reasons = new Map<string, number>();
  const plugins = new Set<string>();
  for (const [failure, nodes] of failures.counts()) {
    plugins.add(failure.plugin);
    for (const reason of failure.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + nodes);
  }
  return { reasons, plugins };
}
