import { Node, type Stored } from '@orrery/api';
import { type Client, type Controller, defineController } from '@orrery/core';
import type { ClusterNodes } from './nodes.ts';
import type { PodRanges } from './pod-ranges.ts';

/**
 * Records the Pod ranges of all Nodes, regardless of their creator, so that no two nodes get the same (Kubernetes' node IPAM
 * controller). A range is released when its Node is deleted, unless the node still has a machine: its kubelet will register again.
 */
export function nodeIpam(podRanges: PodRanges, nodes: Pick<ClusterNodes, 'has'>): Controller {
  return defineController({
    name: 'node-ipam-controller',
    for: Node,
    when: (node, previous) => podRangeOf(node) !== (previous === undefined ? undefined : podRangeOf(previous)),
    reconcile: (node) => occupy(podRanges, node),
    deleted: ({ name }) => {
      if (!nodes.has(name)) podRanges.release(name);
    },
  });
}

/** Records the Pod ranges of the Nodes that a durable store has from an earlier run. */
export async function occupyPodRanges(podRanges: PodRanges, client: Client): Promise<void> {
  for (const node of (await client.list(Node)).items) occupy(podRanges, node);
}

function occupy(podRanges: PodRanges, node: Stored<Node>): void {
  const range = podRangeOf(node);
  if (range !== undefined) podRanges.occupy(node.metadata.name, range);
}

function podRangeOf({ spec }: Stored<Node>): string | undefined {
  return spec?.podCIDR ?? spec?.podCIDRs?.[0];
}
