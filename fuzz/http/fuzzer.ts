import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request as startRequest } from 'node:https';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createCluster } from '@orrery/cluster';
import { makeCertificates, serveCluster } from '@orrery/cluster/serve';
import fc from 'fast-check';
import type { Fuzzer, FuzzFailure } from '../fuzzer.ts';
import { type FuzzedRequest, request } from './requests.ts';

/** Failures after which a run ends. */
const enoughFailures = 5;

/** Cases of one property. */
const casesAtOnce = 500;

/** Milliseconds for which nobody else may have a turn. */
const longestStall = 200;

/** Milliseconds that a request may take; the watches of the cases end sooner. */
const longestWait = 5000;

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Requests to a served cluster: none may end the process, hold it up, or be answered with an error of the server's own. */
export const fuzzer: Fuzzer = async ({ seed, over, note }) => {
  const cluster = await createCluster({ nodes: 1 });
  const certificates = await makeCertificates(cluster.environment);
  const serving = await serveCluster({ cluster, certificates, port: 0 });
  await cluster.apply('apiVersion: v1\nkind: Namespace\nmetadata: { name: fuzz }\n');
  const ca = certificates.authority.authority.certificate;
  const { certificate: cert, key } = certificates.admin;
  const agents = {
    admin: new Agent({ keepAlive: true, ca, cert, key }),
    anonymous: new Agent({ keepAlive: true, ca }),
  };
  const crashes: unknown[] = [];
  const crash = (error: unknown) => void crashes.push(error);
  process.on('uncaughtException', crash).on('unhandledRejection', crash);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();

  const send = async ({ user, method, path, headers, body }: FuzzedRequest): Promise<Answer> => {
    const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body, 'latin1')) };
    const outgoing = startRequest(`${serving.url}${path}`, {
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

  const failures: FuzzFailure[] = [];
  const codes = new Map<number, number>();
  let cases = 0;
  let slowest = 0;
  const check = async (one: FuzzedRequest) => {
    delay.reset();
    const cpu = process.cpuUsage();
    const answer = await send(one);
    cases++;
    codes.set(answer.status, (codes.get(answer.status) ?? 0) + 1);
    if (crashes.length > 0) throw new Error(`it would have ended the process: ${stackOf(crashes.splice(0)[0])}`);
    if (isOwnFault(answer)) throw new Error(`${answer.status}: ${answer.text.slice(0, 500)}`);
    const { user, system } = process.cpuUsage(cpu);
    // While other programs of the machine run, this one stands still too.
    const stalled = Math.min(delay.max / 1e6, (user + system) / 1000);
    slowest = Math.max(slowest, stalled);
    if (stalled > longestStall) throw new Error(`it held up everybody for ${Math.round(stalled)} ms`);
  };

  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let round = 0; !over() && failures.length < enoughFailures; round++) {
    const result = await fc.check(
      fc.asyncProperty(request, async (one) => {
        if (!over()) await check(one);
      }),
      { seed: seed + round, numRuns: casesAtOnce },
    );
    if (!result.failed) continue;
    const [example] = result.counterexample ?? [];
    const broken = result.errorInstance instanceof Error ? result.errorInstance.message : String(result.errorInstance);
    failures.push({ broken: `${broken} (seed ${seed + round})`, example: JSON.stringify(example) });
    note(`${broken.slice(0, 200)} ${JSON.stringify(example)}`);
  }
  process.off('uncaughtException', crash).off('unhandledRejection', crash);
  for (const agent of Object.values(agents)) agent.destroy();
  globalThis.gc?.();
  const grown = (process.memoryUsage().heapUsed - before) / 2 ** 20;
  await serving.close();
  await cluster.close();
  const codeFigures = [...codes].sort(([a], [b]) => a - b).map(([code, count]) => `${code}: ${count}`);
  return {
    cases,
    failures,
    figures: [...codeFigures, `longest stall: ${Math.round(slowest)} ms`, `heap: ${grown.toFixed(0)} MiB more`],
  };
};

/** Codes that say something of the cluster's state, or of what a client asked to be waited for, as in Kubernetes. */
function isOwnFault({ status, text }: Answer): boolean {
  if (status < 500 || status === 503 || status === 504) return false;
  // A node or a Pod does not answer; impersonation without a user.
  return !/error dialing backend|requested groups, uid or extra without|container not found/.test(text);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
