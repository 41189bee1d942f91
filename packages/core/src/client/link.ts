import type { Client } from '../client.ts';

/**
 * What stands between a loop and the request path: it gets the client that leads there, and gives the one that the loop is
 * to use. Latency, loss, conflicts and crashes are put here, without touching either side. `actor` is the name under which
 * the loop inspects: `deployment-controller`, `deployment-controller events`, `controller-manager cache`, `kubelet-node1`.
 */
export type Link = (client: Client, actor: string) => Client;

/**
 * What a link rejects a request with to have the loop crash there: the manager cuts off all that the loop has under way,
 * lets nothing more of it through, and starts it afresh. Whether the request took effect before is the link's business.
 */
export class LoopCrash extends Error {
  override readonly name = 'LoopCrash';
}
