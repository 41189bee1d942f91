import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request as startRequest } from 'node:https';
import type { Fuzzer } from '../fuzzer.ts';
import { type Broken, runRounds, sideBySide } from '../rounds.ts';
import { ServedCluster } from '../served-cluster.ts';
import { type FuzzedRequest, request } from './requests.ts';
import { restore } from './restore.ts';

/** Requests that are in flight at a time. */
const together = 200;

/** Milliseconds that a request may take, on a machine that is busy with other things; the watches of the cases end sooner. */
const longestWait = 60_000;

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Requests to a served cluster: none may end the process, hold it up, or be answered with an error of the server's own. */
export const fuzzer: Fuzzer = async (options) => {
  const { timed = true } = options;
  const cluster = await ServedCluster.start('', timed);
  const { ca } = cluster.tls;
  const agents = {
    admin: new Agent({ keepAlive: true, ...cluster.tls }),
    anonymous: new Agent({ keepAlive: true, ca }),
  };
  const send = async ({ user, method, path, headers, body }: FuzzedRequest): Promise<Answer> => {
    const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body, 'latin1')) };
    const outgoing = startRequest(`${cluster.url}${path}`, {
      method,
      agent: agents[user],
      headers: { ...headers, ...length },
    });
    outgoing.setTimeout(longestWait, () => outgoing.destroy(new Error('no answer')));
    const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
    outgoing.end(Buffer.from(body, 'latin1'));
    const [response] = await answered;
    const text = Buffer.concat(await Array.fromAsync(response as AsyncIterable<Buffer>)).toString();
    return { status: response.statusCode ?? 0, text };
  };
  const codes = new Map<number, number>();
  const result = await runRounds(
    {
      arbitrary: request,
      size: 5000,
      run: async (requests, over) => {
        let cases = 0;
        let fault: Broken<FuzzedRequest> | undefined;
        await restore(cluster.cluster);
        const problem = await cluster.watching(async () => {
          cases = await sideBySide(requests, together, over, async (one) => {
            try {
              const answer = await send(one);
              codes.set(answer.status, (codes.get(answer.status) ?? 0) + 1);
              if (isOwnFault(answer))
                fault ??= { broken: `${answer.status}: ${answer.text.slice(0, 500)}`, culprit: one };
            } catch (error) {
              fault ??= { broken: error instanceof Error ? error.message : String(error), culprit: one };
            }
          });
        });
        return { cases, problem: fault ?? problem };
      },
      figures: () => [...cluster.figures(), ...[...codes].sort(([a], [b]) => a - b).map((each) => each.join(': '))],
    },
    options,
  );
  for (const agent of Object.values(agents)) agent.destroy();
  return { ...result, figures: [...result.figures, await cluster.close()] };
};

/** Codes that say something of the cluster's state, or of what a client asked to be waited for, as in Kubernetes. */
function isOwnFault({ status, text }: Answer): boolean {
  if (status < 500 || status === 503 || status === 504) return false;
  // A node or a Pod does not answer; impersonation without a user.
  return !/error dialing backend|requested groups, uid or extra without|container not found/.test(text);
}
