import { Lease, Node, Pod } from '@orrery/api';
import type { Controller } from '@orrery/core';
import { NodeLifecycle } from './node-lifecycle.ts';
import { podsByNode } from './pods-by-node.ts';
import { TaintEviction } from './taint-eviction.ts';

/** Notices nodes that fall silent, and taints nodes by their conditions (Kubernetes "Nodes", Node controller). */
export function nodeLifecycleController(): Controller {
  const name = 'node-controller';
  return {
    name,
    kinds: [Node, Pod, Lease],
    indexes: [podsByNode],
    start: (context) => new NodeLifecycle(context, name).run(),
  };
}

/** Evicts Pods from nodes whose NoExecute taints they do not tolerate (KEP-3902, a controller of its own). */
export function taintEvictionController(): Controller {
  const name = 'taint-eviction-controller';
  return {
    name,
    kinds: [Node, Pod],
    indexes: [podsByNode],
    start: (context) => new TaintEviction(context, name).run(),
  };
}
