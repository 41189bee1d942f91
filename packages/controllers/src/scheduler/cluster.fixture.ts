import type { LabelMatcher, Node, Pod, Stored } from '@orrery/api';
import { createSeededRandom } from '@orrery/core';
import { builtinSchedulerPlugins } from './builtin-plugins.ts';
import { ClusterState } from './cluster-state.ts';
import { fitMessage } from './fit-message.ts';
import { summary } from './node-failures.ts';
import type { SchedulerPlugin } from './plugin.ts';
import { podInfo } from './pod-info.ts';
import { type Placement, place } from './schedule.ts';

/** A cluster picture for tests, with Pods on nodes. */
export function testCluster(
  nodes: readonly Stored<Node>[],
  placed: readonly (readonly [Stored<Pod>, string])[] = [],
  siblings?: LabelMatcher,
): ClusterState {
  const cluster = new ClusterState({
    namespaceLabels: (name) => ({ 'kubernetes.io/metadata.name': name }),
    siblingSelector: () => siblings,
  });
  for (const node of nodes) cluster.setNode(node);
  for (const [pod, node] of placed) cluster.add(podInfo(pod), node);
  return cluster;
}

/** Where the built-in rules (or others) put a Pod. */
export function placeIn(
  cluster: ClusterState,
  pod: Stored<Pod>,
  plugins: readonly SchedulerPlugin[] = builtinSchedulerPlugins,
  seed = 1,
): Placement {
  return place(podInfo(pod), cluster, plugins, createSeededRandom(seed), { percentageOfNodesToScore: 0, start: 0 })
    .placement;
}

/** The node's name, or the message that says why there is none. */
export function outcome(cluster: ClusterState, pod: Stored<Pod>, plugins?: readonly SchedulerPlugin[]): string {
  const placement = placeIn(cluster, pod, plugins);
  if (placement.type === 'placed') return placement.node;
  if (placement.type === 'rejected') return placement.message;
  return fitMessage({ nodes: cluster.nodes.length, reasons: summary(placement.failures).reasons });
}
