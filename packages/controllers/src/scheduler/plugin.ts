import type { Node, Stored } from '@orrery/api';
import type { ClusterState } from './cluster-state.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

/** Why a node is not for a Pod. */
export interface Failure {
  /** Texts of the `FailedScheduling` message; each counts once for this node. */
  readonly reasons: readonly string[];
  /** True if removing Pods from the node would not help: preemption is not tried (`UnschedulableAndUnresolvable`). */
  readonly unresolvable: boolean;
}

/** A Pod that no node can take, whatever the node. */
export interface Rejection {
  readonly message: string;
}

/** Says of a node why it is not for the Pod; undefined lets it pass. */
export type NodeFilter = (node: NodeInfo) => Failure | undefined;

/** Something that happened in the cluster and may make room. */
export type ClusterChange =
  | { readonly type: 'nodeAdded'; readonly node: Stored<Node> }
  | { readonly type: 'nodeChanged'; readonly node: Stored<Node>; readonly previous: Stored<Node> }
  | { readonly type: 'podPlaced' | 'podChanged' | 'podGone'; readonly pod: PodInfo };

/**
 * One rule of the scheduler (Kubernetes "Scheduling Framework"). `filter` and `score` are called once for each try to place a
 * Pod; what they compute for all nodes at once they keep in what they return. Plugins only look; they change nothing.
 */
export interface SchedulerPlugin {
  readonly name: string;
  /** What this plugin's scores are multiplied with. Default 1. */
  readonly weight?: number;
  /** A filter for this Pod, a rejection on all nodes, or undefined when the plugin has nothing to say about it. */
  filter?(pod: PodInfo, cluster: ClusterState): NodeFilter | Rejection | undefined;
  /** A score from 0 to 100 for each of the nodes, in their order; undefined when the plugin does not care. */
  score?(pod: PodInfo, cluster: ClusterState, nodes: readonly NodeInfo[]): readonly number[] | undefined;
  /** Whether a Pod that this plugin rejected is worth another try after a change (`QueueingHint`). Default: always. */
  retryOn?(change: ClusterChange, pod: PodInfo, cluster: ClusterState): boolean;
  /** The types of changes about which `retryOn` is asked; all others are known not to help. Default: all types. */
  readonly retryOnTypes?: readonly ClusterChange['type'][];
}

/** Scales raw scores so that the largest is 100; all 0 stay 0, and with `reverse` become 100. */
export function normalized(scores: number[], reverse = false): number[] {
  let max = 0;
  for (const score of scores) max = Math.max(max, score);
  return scores.map((score) => {
    const share = max === 0 ? 0 : Math.floor((score * 100) / max);
    return reverse ? 100 - share : share;
  });
}

declare module '@orrery/core' {
  interface Plugin {
    /** Rules of the scheduler, beside the built-in ones. */
    readonly scheduler?: readonly SchedulerPlugin[];
  }
}
