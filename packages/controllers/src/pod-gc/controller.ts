import { Node, Pod } from '@orrery/api';
import type { Controller } from '@orrery/core';
import { podsByNode } from '../node-lifecycle/pods-by-node.ts';
import { PodGarbageCollector } from './pod-gc.ts';

/** Deletes Pods that no kubelet can end: their node is gone, or they were never on one (Kubernetes "Pod garbage collection"). */
export function podGarbageCollector(): Controller {
  const name = 'pod-garbage-collector';
  return {
    name,
    kinds: [Pod, Node],
    indexes: [podsByNode],
    start: (context) => new PodGarbageCollector(context, name).run(),
  };
}
