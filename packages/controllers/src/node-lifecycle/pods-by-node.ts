import { Pod, type Stored } from '@orrery/api';
import type { Cache } from '@orrery/core';

const nodeIndex = 'node';

/** The Pods that are bound to a node. */
export function podsByNode(cache: Cache, node: string): readonly Stored<Pod>[] {
  cache.addIndex(Pod, nodeIndex, ({ spec }) => (spec.nodeName === undefined ? [] : [spec.nodeName]));
  return cache.list(Pod, { index: { name: nodeIndex, value: node } });
}
