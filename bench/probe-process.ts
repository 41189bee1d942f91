import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pod } from '@orrery/api';
import type { Probed } from './probe.ts';
import type { Access } from './served-cluster.ts';

/** Milliseconds between a response and the next request. */
const pauseMs = 5;

/** The process of a probe; see `probe.ts`. */
const [access] = (await once(process, 'message')) as [Access];
const { url, ca, cert, key } = access;
const agent = new Agent({ keepAlive: true, ca, cert, key });
const waits: number[] = [];
let firstReady: number | undefined;
let stopped = false;
process.once('message', () => {
  stopped = true;
});
process.once('disconnect', () => process.exit(1));

await watchPods();
await get();
process.send?.('started');
while (!stopped) {
  waits.push(await get());
  await sleep(pauseMs);
}
waits.sort((a, b) => a - b);
const probed: Probed = {
  requests: waits.length,
  longest: waits.at(-1) ?? Number.NaN,
  p99: waits[Math.ceil(waits.length * 0.99) - 1] ?? Number.NaN,
  ...(firstReady === undefined ? {} : { firstReady }),
};
process.send?.(probed, () => process.exit(0));

/** Milliseconds that a GET takes. */
async function get(): Promise<number> {
  const began = performance.now();
  const response = await open('/api/v1/namespaces/default', { agent });
  if (response.statusCode !== 200) throw new Error(`GET answered ${response.statusCode}`);
  response.resume();
  await once(response, 'end');
  return performance.now() - began;
}

/** Watches Pods on a connection of its own, until one is Ready. Resolves when the watch is open. */
async function watchPods(): Promise<void> {
  const response = await open('/api/v1/namespaces/default/pods?watch=1', { ca, cert, key });
  createInterface({ input: response }).on('line', (line) => {
    if (firstReady !== undefined || line === '') return;
    const { object } = JSON.parse(line) as { readonly object: Pod };
    if (object.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') !== true) return;
    firstReady = performance.timeOrigin + performance.now();
    response.destroy();
  });
}

async function open(path: string, options: RequestOptions) {
  const outgoing = request(`${url}${path}`, options).end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return response;
}
