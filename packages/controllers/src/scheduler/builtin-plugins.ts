import type { SchedulerPlugin } from './plugin.ts';
import {
  imageLocality,
  interPodAffinity,
  nodeAffinity,
  nodeName,
  nodePorts,
  nodeResourcesBalancedAllocation,
  nodeResourcesFit,
  nodeUnschedulable,
  podTopologySpread,
  taintToleration,
} from './plugins/index.ts';

/** The scheduler's own rules, in kube-scheduler's order and with its weights. */
export const builtinSchedulerPlugins: readonly SchedulerPlugin[] = [
  nodeUnschedulable,
  nodeName,
  taintToleration,
  nodeAffinity,
  nodePorts,
  nodeResourcesFit,
  podTopologySpread,
  interPodAffinity,
  nodeResourcesBalancedAllocation,
  imageLocality,
];
