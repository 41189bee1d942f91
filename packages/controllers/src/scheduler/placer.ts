import type { Random } from '@orrery/core';
import { builtinSchedulerPlugins } from './builtin-plugins.ts';
import type { ClusterState } from './cluster-state.ts';
import { ColumnarPlacer } from './columns/columnar-placer.ts';
import type { NodeFailures } from './node-failures.ts';
import type { SchedulerPlugin } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';
import { type Preemption, type PreemptionContext, preempt } from './preemption.ts';
import { place, type SearchOptions, type Try } from './schedule.ts';

/** Decides where Pods go, and which Pods have to go for them. */
export interface Placer {
  place(pod: PodInfo, options: SearchOptions): Try;
  /** For a Pod that fits nowhere. `failures` are those of its latest try; nothing has happened since. */
  preempt(pod: PodInfo, failures: NodeFailures, context: PreemptionContext): Preemption;
}

/**
 * The placer for a scheduler with these plugins. The built-in ones, with any others after them, are decided over columns. If a
 * plugin takes the place of a built-in one, all are asked about each node.
 */
export function createPlacer(cluster: ClusterState, plugins: readonly SchedulerPlugin[], random: Random): Placer {
  const builtin = builtinSchedulerPlugins.every((plugin, index) => plugins[index] === plugin);
  if (builtin) return new ColumnarPlacer(cluster, plugins.slice(builtinSchedulerPlugins.length), random);
  return {
    place: (pod, options) => place(pod, cluster, plugins, random, options),
    preempt,
  };
}
