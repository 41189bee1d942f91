import { Node } from '@orrery/api';
import { type Controller, defineController } from '@orrery/core';
import type { ClusterNodes } from './nodes.ts';

/** An annotation on a Node that says whether its machine has power: `off`, or anything else. */
export const powerAnnotation = 'orrery.dev/power';

/**
 * Switches simulated machines off and on as their Nodes' annotation says, so that any client can make a node fail
 * (`orrery node stop`). The machine goes without a word: that its node is lost is for the node lifecycle controller to find out.
 */
export function nodePower(nodes: Pick<ClusterNodes, 'names' | 'running' | 'start' | 'stop'>): Controller {
  return defineController<Node>({
    name: 'node-power',
    for: Node,
    when: (node, previous) =>
      node.metadata.annotations?.[powerAnnotation] !== previous?.metadata.annotations?.[powerAnnotation],
    async reconcile(node, { log }) {
      const { name } = node.metadata;
      if (!nodes.names.includes(name)) return;
      const wanted = node.metadata.annotations?.[powerAnnotation] !== 'off';
      if (wanted === nodes.running(name)) return;
      log.info(wanted ? 'the machine is switched on' : 'the machine is switched off', { node: name });
      if (wanted) await nodes.start(name);
      else await nodes.stop(name);
    },
  });
}
