import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createEnvironment } from '@orrery/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connectHttp2, type Http2Client } from './http2-client.fixture.ts';
import { ask } from './https-client.fixture.ts';
import { pod, type ServedApi, serveApi } from './served-api.fixture.ts';

/** Requests while the loops of the process always have something to do. */
let server: ServedApi;
let http2: Http2Client;
/** Counts the tasks of the event loop. */
let task: number;
let turning: NodeJS.Immediate;
let idle: AbortController;
/** Turns that the busy loops have had. */
let turns: number;

beforeEach(async () => {
  server = await serveApi();
  http2 = await connectHttp2(server);
  await server.put(pod('x'));
  task = 0;
  const nextTask = () => {
    task++;
    turning = setImmediate(nextTask);
  };
  nextTask();
  idle = new AbortController();
  turns = 0;
  const { work } = createEnvironment();
  for (let loop = 0; loop < 10; loop++) void busy(`loop-${loop}`, work, idle.signal);
});

afterEach(async () => {
  idle.abort();
  clearImmediate(turning);
  http2.session.destroy();
  await server.close();
});

async function busy(name: string, work: ReturnType<typeof createEnvironment>['work'], signal: AbortSignal) {
  while (!signal.aborted) {
    await work.turn(name);
    turns++;
    for (let index = 0; index < 10_000; index++) JSON.stringify(index);
  }
}

const pods = '/api/v1/namespaces/default/pods';
const json = { 'content-type': 'application/json' };

/** The tasks from the one in which a request was read to the one in which its response had been written. */
async function tasksOf(request: () => Promise<unknown>): Promise<number> {
  let started = Number.NaN;
  let finished = Number.NaN;
  const onStart = () => {
    started = task;
  };
  const onFinish = () => {
    finished = task;
  };
  subscribe('http.server.request.start', onStart);
  subscribe('http.server.response.finish', onFinish);
  const before = turns;
  await request();
  expect(turns).toBeGreaterThan(before);
  unsubscribe('http.server.request.start', onStart);
  unsubscribe('http.server.response.finish', onFinish);
  return finished - started;
}

it.each([
  ['a GET', () => ask(server, 'GET', `${pods}/x`)],
  ['a list', () => ask(server, 'GET', pods)],
  ['a create', () => ask(server, 'POST', pods, { headers: json, body: JSON.stringify(pod('y')) })],
  ['a deletion', () => ask(server, 'DELETE', `${pods}/x`)],
])('%s waits for no turn of a loop once it has been read', async (_what, request) => {
  // Its body may arrive in a packet of its own.
  expect(await tasksOf(request)).toBeLessThanOrEqual(1);
});

it('a GET over HTTP/2 waits for no turn either', async () => {
  let read = Number.NaN;
  server.own.get = async () => {
    read = task;
    return pod('x');
  };
  let answered = Number.NaN;
  const { start } = http2;
  const { stream } = await start({ ':path': `${pods}/x` });
  answered = task;
  stream.resume();
  // Written at the end of its task, and read by this same process in one of its own.
  expect(answered - read).toBeLessThanOrEqual(4);
});
