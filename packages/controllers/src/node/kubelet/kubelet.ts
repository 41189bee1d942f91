import { Node, Pod, Service } from '@orrery/api';
import { type Controller, fromAbort } from '@orrery/core';
import { createKubeletApi, type KubeletApi, type KubeletApiSources } from './node/kubelet-api.ts';
import { newNodeHealth } from './node/node-health.ts';
import { NodeReporter } from './node/node-reporter.ts';
import { PressureWatch } from './node/pressure-watch.ts';
import { shutDown } from './node/shut-down.ts';
import { type KubeletOptions, kubeletSettings } from './options.ts';
import { PodLoop } from './pod/pod-loop.ts';

/** A node's agent: a controller, and the API that the API server asks for logs, exec, attach and forwarded ports. */
export interface Kubelet extends Controller {
  readonly nodeName: string;
  readonly nodeApi: KubeletApi;
  /**
   * Has the node's Pods end because the machine is about to be switched off (KEP-2000 "Graceful Node Shutdown"). Resolves when it
   * may go, at the latest when the grace period is over; at once if the kubelet does not run.
   */
  shutDown(): Promise<void>;
}

/**
 * Makes the kubelet of one node. It takes the Pods of its cache that are bound to its node, so its cache should hold no
 * others (`kubeletCacheSelectors`). Stopping it leaves containers running; started again over the same runtime, it resumes
 * from there.
 */
export function createKubelet(options: KubeletOptions): Kubelet {
  const settings = kubeletSettings(options);
  const { nodeName, runtime } = settings;
  let current: KubeletApiSources | undefined;
  let leave: (() => Promise<void>) | undefined;
  return {
    name: `kubelet-${nodeName}`,
    nodeName,
    kinds: [Pod, Node, Service],
    nodeApi: createKubeletApi(nodeName, () => current),
    shutDown: async () => leave?.(),
    async start(context) {
      const health = newNodeHealth();
      const pods = new PodLoop(settings, context, health);
      const pressure = new PressureWatch(settings, context, health, pods);
      const reporter = new NodeReporter(settings, context, health, () => pressure.look());
      let shutdown: Promise<void> | undefined;
      // A second call waits for the same shutdown.
      const own = () => {
        shutdown ??= shutDown({ settings, context, health, pods, reporter });
        return shutdown;
      };
      leave = own;
      const sources: KubeletApiSources = { runtime, clock: context.clock, pods };
      current = sources;
      fromAbort(context.signal).subscribe(() => {
        if (current === sources) current = undefined;
        if (leave === own) leave = undefined;
      });
      await reporter.start();
      await pods.start();
    },
  };
}
