import { Namespace, Node, Pod, PodDisruptionBudget } from '@orrery/api';
import type { Controller } from '@orrery/core';
import { builtinSchedulerPlugins } from './builtin-plugins.ts';
import type { SchedulerPlugin } from './plugin.ts';
import { Scheduler } from './scheduler.ts';
import { siblingIndexes, siblingKinds } from './sibling-selector.ts';

export interface SchedulerOptions {
  /** Schedules Pods whose `spec.schedulerName` is this. Default `default-scheduler`. */
  readonly schedulerName?: string;
  /** Rules beside the built-in ones; one with a built-in name takes its place. */
  readonly plugins?: readonly SchedulerPlugin[];
  /** Percentage of nodes that are enough to choose from; 0, the default, lets the cluster's size decide. */
  readonly percentageOfNodesToScore?: number;
}

/** Gives every Pod a node (Kubernetes "Kubernetes Scheduler"). The Pod is placed as a whole, all its containers together. */
export function schedulerController(options: SchedulerOptions = {}): Controller {
  const schedulerName = options.schedulerName ?? 'default-scheduler';
  const plugins = withPlugins(options.plugins ?? []);
  const percentageOfNodesToScore = options.percentageOfNodesToScore ?? 0;
  return {
    name: schedulerName,
    kinds: [Pod, Node, Namespace, PodDisruptionBudget, ...siblingKinds],
    indexes: siblingIndexes,
    start: (context) => new Scheduler(context, { schedulerName, plugins, percentageOfNodesToScore }).run(),
  };
}

function withPlugins(added: readonly SchedulerPlugin[]): readonly SchedulerPlugin[] {
  const replaced = builtinSchedulerPlugins.map((builtin) => added.find(({ name }) => name === builtin.name) ?? builtin);
  const isNew = ({ name }: SchedulerPlugin) => !builtinSchedulerPlugins.some((builtin) => builtin.name === name);
  return [...replaced, ...added.filter(isNew)];
}
