import { Node, Pod, Service } from '@orrery/api';
import type { Controller, NodeApi } from '@orrery/core';
import { createNodeApi, type NodeApiSources } from './node-api.ts';
import { NodeReporter } from './node-status.ts';
import { type KubeletOptions, kubeletSettings } from './options.ts';
import { PodLoop } from './pod-loop.ts';

/** A node's agent: a controller, and the API that the API server asks for logs, exec, attach and forwarded ports. */
export interface Kubelet extends Controller {
  readonly nodeName: string;
  readonly nodeApi: NodeApi;
}

/**
 * Makes the kubelet of one node. It takes the Pods of its cache that are bound to its node, so its cache should hold no
 * others (`kubeletCacheSelectors`). Stopping it leaves running what runs; started again over the same runtime, it goes on
 * from there.
 */
export function createKubelet(options: KubeletOptions): Kubelet {
  const settings = kubeletSettings(options);
  const { nodeName, runtime } = settings;
  let current: NodeApiSources | undefined;
  return {
    name: `kubelet-${nodeName}`,
    nodeName,
    kinds: [Pod, Node, Service],
    nodeApi: createNodeApi(nodeName, () => current),
    async start(context) {
      const pods = new PodLoop(settings, context);
      const node = new NodeReporter(settings, context);
      const sources: NodeApiSources = { runtime, clock: context.clock, record: (uid) => pods.record(uid) };
      current = sources;
      context.signal.addEventListener(
        'abort',
        () => {
          if (current === sources) current = undefined;
        },
        { once: true },
      );
      await node.start();
      await pods.start();
    },
  };
}
