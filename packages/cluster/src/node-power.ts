import { Node } from '@orrery/api';
import { type Controller, defineController } from '@orrery/core';
import type { ClusterNodes } from './nodes.ts';

/** The annotation on a Node that switches its machine: `off`, `shutdown`, or anything else for on. */
export const powerAnnotation = 'orrery.dev/power';

/**
 * Switches machines off and on by the annotation of their Nodes, so that any client can make a node fail
 * (`orrery node stop`). With `off`, the machine is gone without notice: the node lifecycle controller has to detect it.
 * With `shutdown`, its Pods end first.
 */
export function nodePower(nodes: Pick<ClusterNodes, 'has' | 'running' | 'start' | 'stop' | 'shutDown'>): Controller {
  return defineController({
    name: 'node-power',
    for: Node,
    // A shutdown takes time; other machines do not wait for it.
    concurrency: 64,
    when: (node, previous) =>
      node.metadata.annotations?.[powerAnnotation] !== previous?.metadata.annotations?.[powerAnnotation],
    async reconcile(node, { log }) {
      const { name } = node.metadata;
      if (!nodes.has(name)) return;
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
