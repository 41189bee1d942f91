import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { Access } from './served-cluster.ts';

/** The process of a client that lists all Pods of a namespace again and again on several connections; see `flood.ts`. */
const [{ access, connections }] = (await once(process, 'message')) as [
  { readonly access: Access; readonly connections: number },
];
const { url, ca, cert, key } = access;
const agent = new Agent({ keepAlive: true, ca, cert, key });
const answers = new Map<number, number>();
process.once('disconnect', () => process.exit(1));
process.once('message', () => process.send?.(Object.fromEntries(answers), () => process.exit(0)));
await Promise.all(Array.from({ length: connections }, flood));

async function flood(): Promise<never> {
  for (;;) {
    const outgoing = request(`${url}/api/v1/namespaces/default/pods`, { agent }).end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    response.resume();
    await once(response, 'end');
    const status = response.statusCode ?? 0;
    if (status !== 200 && status !== 429) throw new Error(`a list answered ${status}`);
    answers.set(status, (answers.get(status) ?? 0) + 1);
  }
}
