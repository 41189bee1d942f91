import { Node } from '@orrery/api';
import { type Controller, defineController } from '@orrery/core';
import type { ClusterNodes } from './nodes.ts';

/** An annotation on a Node that says what its machine should do: `off`, `shutdown`, or anything else for on. */
export const powerAnnotation = 'orrery.dev/power';

/**
 * Switches machines off and on as their Nodes' annotation says, so that any client can make a node fail
 * (`orrery node stop`). With `off` the machine goes without a word: that its node is lost is for the node lifecycle controller to
 * find out. With `shutdown` its Pods end first.
 */
export function nodePower(nodes: Pick<ClusterNodes, 'names' | 'running' | 'start' | 'stop' | 'shutDown'>): Controller {
  return defineController({
    name: 'node-power',
    for: Node,
    // A shutdown takes its time; other machines do not wait for it.
    concurrency: 64,
    when: (node, previous) =>
      node.metadata.annotations?.[powerAnnotation] !== previous?.metadata.annotations?.[powerAnnotation],
    async reconcile(node, { log }) {
      const { name } = node.metadata;
      if (!nodes.names.includes(name)) return;
      const power = node.metadata.annotations?.[powerAnnotation];
      const wanted = power !== 'off' && power !== 'shutdown';
      if (wanted === nodes.running(name)) return;
      if (wanted) {
        log.info('the machine is switched on', { node: name });
        await nodes.start(name);
      } else if (power === 'shutdown') {
        log.info('the machine is shut down', { node: name });
        await nodes.shutDown(name);
      } else {
        log.info('the machine is switched off', { node: name });
        await nodes.stop(name);
      }
    },
  });
}
