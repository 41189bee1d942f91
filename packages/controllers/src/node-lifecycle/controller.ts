import { Lease, Node, Pod } from '@orrery/api';
import type { Controller } from '@orrery/core';
import { NodeLifecycle } from './node-lifecycle.ts';
import { TaintEviction } from './taint-eviction.ts';

/**
 * Notices nodes that fall silent, taints nodes by their conditions, and evicts Pods from nodes whose NoExecute taints they do
 * not tolerate (Kubernetes "Nodes" and "Taint-based Evictions").
 */
export function nodeLifecycleController(): Controller {
  const name = 'node-controller';
  return {
    name,
    kinds: [Node, Pod, Lease],
    async start(context) {
      await Promise.all([new NodeLifecycle(context, name).run(), new TaintEviction(context, name).run()]);
    },
  };
}
