import { Node } from '@orrery/api';
import type { ControllerContext, Milliseconds } from '@orrery/core';
import { within } from '../containers/time-limit.ts';
import type { KubeletSettings } from '../options.ts';
import type { PodLoop } from '../pod/pod-loop.ts';
import type { NodeHealth } from './node-health.ts';
import type { NodeReporter } from './node-reporter.ts';
import { endedByShutdown, shutdownGroups } from './node-shutdown.ts';

/** A machine takes this long to go down when its time is up, so that the last statuses can be written. */
const lastWords: Milliseconds = 3000;

/** The parts of a kubelet that runs. */
export interface RunningKubelet {
  readonly settings: KubeletSettings;
  readonly context: ControllerContext;
  readonly health: NodeHealth;
  readonly pods: PodLoop;
  readonly reporter: NodeReporter;
}

/**
 * What a kubelet does when its machine is about to be switched off (KEP-2000 "Graceful Node Shutdown"): it says so, takes no
 * more Pods, and has those that it has end, critical ones last. Resolves when the machine may go.
 */
export async function shutDown({ settings, context, health, pods, reporter }: RunningKubelet): Promise<void> {
  const { cache, clock, events, signal } = context;
  if (settings.shutdownGracePeriod <= 0) return;
  health.shuttingDown = true;
  const node = cache.get(Node, settings.nodeName);
  if (node !== undefined) events.event(node, 'Normal', 'NodeShutdown', 'Shutdown manager detected shutdown event');
  // The API may be gone; Pods end all the same.
  const reported = reporter.report();
  let ended: Promise<unknown> = Promise.resolve();
  const active = pods.active().flatMap((record) => (record.pod === undefined ? [] : [{ record, pod: record.pod }]));
  for (const group of shutdownGroups(active, ({ pod }) => pod, settings)) {
    const verdict = endedByShutdown(group.grace);
    ended = Promise.all([ended, ...group.pods.map(({ record }) => pods.end(record, verdict))]);
    await within(clock, group.grace, ended, signal);
  }
  await within(clock, lastWords, Promise.all([reported, ended]), signal);
}
