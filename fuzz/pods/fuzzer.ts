import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { HostileScript } from '@orrery/runtimes/fixtures';
import { script } from '../containers/scripts.ts';
import type { Fuzzer } from '../fuzzer.ts';
import { runRounds } from '../rounds.ts';
import { ServedCluster } from '../served-cluster.ts';
import { computed, longestStall } from '../stalls.ts';

/** Pods that run side by side. */
const together = 30;
/** Probes while they do. */
const probes = 40;
/** Milliseconds between probes. */
const pause = 20;

/** Pods with hostile scripts in a served cluster: `/readyz` and a GET are answered meanwhile, over HTTPS. */
export const fuzzer: Fuzzer = async (options) => {
  const { timed = true } = options;
  const cluster = await ServedCluster.start('apiVersion: v1\nkind: Namespace\nmetadata: { name: fuzz }\n', timed);
  const agent = new Agent({ keepAlive: true, ...cluster.tls });
  let slowest = 0;
  const send = async (method: string, path: string, body = ''): Promise<void> => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const outgoing = request(`${cluster.url}${path}`, { method, agent, headers });
    const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
    outgoing.end(body);
    const [response] = await answered;
    for await (const _ of response);
    if ((response.statusCode ?? 0) >= 400) throw new Error(`${method} ${path}: ${response.statusCode}`);
  };
  /** While other programs of the machine run, this one stands still too: only what it computes until the answer counts. */
  const probe = async (path: string): Promise<number> => {
    const before = computed();
    await send('GET', path);
    return computed() - before;
  };
  const run = async (scripts: readonly HostileScript[]): Promise<string | undefined> => {
    for (const [at, each] of scripts.entries()) await send('POST', pods, JSON.stringify(podOf(at, each)));
    let broken: string | undefined;
    for (let count = 0; count < probes && broken === undefined; count++) {
      for (const path of ['/readyz', `${pods}/pod-0`]) {
        const waited = await probe(path);
        slowest = Math.max(slowest, waited);
        if (timed && waited > longestStall) broken = `${path} was answered after ${waited.toFixed(0)} ms of computing`;
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    for (const at of scripts.keys()) await send('DELETE', `${pods}/pod-${at}?gracePeriodSeconds=0`);
    return broken;
  };
  const result = await runRounds(
    {
      arbitrary: script,
      size: together,
      run: async (scripts) => {
        let broken: string | undefined;
        const problem = await cluster.watching(async () => {
          broken = await run(scripts);
        });
        const found = broken === undefined ? problem : { broken };
        return { cases: scripts.length, ...(found === undefined ? {} : { problem: found }) };
      },
      figures: () => [...cluster.figures(), `longest computing before an answer: ${slowest.toFixed(0)} ms`],
    },
    options,
  );
  agent.destroy();
  return { ...result, figures: [...result.figures, await cluster.close()] };
};

const pods = '/api/v1/namespaces/fuzz/pods';

function podOf(at: number, { script: text, memoryLimitBytes }: HostileScript): object {
  const resources = memoryLimitBytes === 0 ? {} : { limits: { memory: String(memoryLimitBytes) } };
  const container = { name: 'main', image: 'nicolaka/netshoot', command: ['bash', '-c', text], resources };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: `pod-${at}` }, spec: { containers: [container] } };
}
