import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { NEVER, Subject } from 'rxjs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeNode } from './fake-node.fixture.ts';
import { ask } from './https-client.fixture.ts';
import { pod, type ServedApi, serveApi } from './served-api.fixture.ts';

/** What becomes of the connections of clients that misbehave; an error that nobody handles would end the process. */

let server: ServedApi;
let accepted: Socket[];
const accept = (message: unknown) => void accepted.push((message as { readonly socket: Socket }).socket);
const failures: unknown[] = [];
const fail = (error: unknown) => void failures.push(error);

beforeAll(async () => {
  server = await serveApi();
  subscribe('net.server.socket', accept);
  process.on('uncaughtExceptionMonitor', fail);
});
afterAll(async () => {
  unsubscribe('net.server.socket', accept);
  process.off('uncaughtExceptionMonitor', fail);
  await server.close();
});
beforeEach(async () => {
  accepted = [];
  failures.length = 0;
  const node = new FakeNode();
  node.logs = async () => NEVER as never;
  server.setNode(node);
  await server.put(pod('x'));
});
afterEach(() => server.clear());

/** Breaks off the connection below, without the end of TLS. */
const resets = new WeakMap<TLSSocket, () => void>();
const reset = (socket: TLSSocket) => resets.get(socket)?.();

async function connection(options: object = {}): Promise<TLSSocket> {
  const { port } = new URL(server.url);
  const ca = server.authority.authority.certificate;
  const below = connect(Number(port), '127.0.0.1').on('error', () => undefined);
  const socket = connectTls({ socket: below, servername: 'localhost', ca, ...options });
  socket.on('error', () => undefined);
  resets.set(socket, () => below.resetAndDestroy());
  await once(socket, 'secureConnect');
  return socket;
}

/** All connections that the server accepted are closed, nothing failed, and it still answers. */
async function allIsWell(): Promise<void> {
  await expect.poll(() => accepted.filter(({ destroyed }) => !destroyed), { timeout: 10_000 }).toEqual([]);
  expect(failures).toEqual([]);
  expect((await ask(server, 'GET', '/readyz', { headers: { connection: 'close' } })).code).toBe(200);
}

const pods = '/api/v1/namespaces/default/pods';
const head = (line: string, ...headers: readonly string[]) => `${[line, 'Host: a', ...headers].join('\r\n')}\r\n\r\n`;
const upgrade = (path: string, to: string, ...headers: readonly string[]) =>
  head(`GET ${path} HTTP/1.1`, 'Connection: Upgrade', `Upgrade: ${to}`, ...headers);
const webSocket = (path: string, protocol: string) =>
  upgrade(
    path,
    'websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    `Sec-WebSocket-Protocol: ${protocol}`,
  );
const exec = `${pods}/x/exec?command=cat&stdin=true&stdout=true`;
const hugeFrame = Buffer.from([0x80, 3, 0, 1, 0, 0xff, 0xff, 0xff, 0, 0, 0, 1]);

const kinds: readonly (readonly [kind: string, bytes: string])[] = [
  ['a plain GET', head('GET /version HTTP/1.1')],
  ['a list', head(`GET ${pods} HTTP/1.1`)],
  ['an upload', `${head(`POST ${pods} HTTP/1.1`, 'Content-Type: application/json', 'Content-Length: 1000')}{"kind":`],
  ['a chunked upload', `${head(`POST ${pods} HTTP/1.1`, 'Transfer-Encoding: chunked')}5\r\n{"a":`],
  ['a refused upload', `${head(`POST ${pods} HTTP/1.1`, 'Content-Type: text/csv', 'Content-Length: 1000')}a,b`],
  ['a watch', head(`GET ${pods}?watch=true HTTP/1.1`)],
  ['a log that is followed', head(`GET ${pods}/x/log?follow=true HTTP/1.1`)],
  ['a proxy', head(`GET ${pods}/x:80/proxy/ HTTP/1.1`)],
  ['a proxied upgrade', upgrade(`${pods}/x:80/proxy/`, 'websocket')],
  ['exec over a WebSocket', webSocket(exec, 'v5.channel.k8s.io')],
  ['attach over a WebSocket', webSocket(`${pods}/x/attach?stdout=true`, 'v5.channel.k8s.io')],
  ['a log over a WebSocket', webSocket(`${pods}/x/log?follow=true`, 'binary.k8s.io')],
  ['port-forward over a WebSocket', webSocket(`${pods}/x/portforward`, 'SPDY/3.1+portforward.k8s.io')],
  ['exec over SPDY', upgrade(exec, 'SPDY/3.1', 'X-Stream-Protocol-Version: v4.channel.k8s.io')],
  ['port-forward over SPDY', upgrade(`${pods}/x/portforward`, 'SPDY/3.1')],
  ['a refused upgrade', upgrade(`${pods}/none/portforward`, 'SPDY/3.1')],
  ['a request before an upgrade', head('GET /version HTTP/1.1') + upgrade(exec, 'SPDY/3.1')],
  ['an upgrade before a request', upgrade(exec, 'SPDY/3.1') + head('GET /version HTTP/1.1')],
  ['a tunnel', head('CONNECT a:80 HTTP/1.1')],
  ['what is not HTTP', 'nonsense\r\n\r\n'],
];

const states: readonly (readonly [state: string, kill: (socket: TLSSocket, bytes: string) => Promise<void> | void])[] =
  [
    ['in the middle of its head', (socket, bytes) => void socket.write(bytes.slice(0, 20), () => socket.destroy())],
    ['right after it was sent', (socket, bytes) => void socket.write(bytes, () => socket.destroy())],
    ['by a reset', (socket, bytes) => void socket.write(bytes, () => reset(socket))],
    [
      'once it is answered',
      async (socket, bytes) => {
        socket.write(bytes);
        await Promise.race([once(socket, 'data'), once(socket, 'close'), new Promise((done) => setTimeout(done, 100))]);
        socket.destroy();
      },
    ],
    [
      'after garbage',
      async (socket, bytes) => {
        socket.write(bytes);
        await Promise.race([once(socket, 'data'), once(socket, 'close'), new Promise((done) => setTimeout(done, 100))]);
        socket.write(Buffer.concat([hugeFrame, Buffer.alloc(5000, 0xff)]), () => socket.destroy());
      },
    ],
  ];

describe.each(kinds)('%s', (_kind, bytes) => {
  it.each(states)('may break %s', async (_state, kill) => {
    await Promise.all(Array.from({ length: 2 }, async () => kill(await connection(), bytes)));
    await allIsWell();
  });
});

describe('HTTP/2', () => {
  it.each(['close', 'reset'] as const)('may break with open streams (%s)', async (how) => {
    const socket = await connection({ ALPNProtocols: ['h2'] });
    const session = connectHttp2(server.url, { createConnection: () => socket });
    session.on('error', () => undefined);
    const streams = [`${pods}?watch=true`, `${pods}/x/log?follow=true`, pods, '/version'].map((path) =>
      session.request({ ':path': path }).on('error', () => undefined),
    );
    streams.push(
      session.request({ ':method': 'POST', ':path': pods }, { endStream: false }).on('error', () => undefined),
    );
    await once(streams[3] as NonNullable<(typeof streams)[3]>, 'response');
    if (how === 'reset') reset(socket);
    else socket.destroy();
    await allIsWell();
  });

  it('may break right after the handshake', async () => {
    for (let i = 0; i < 5; i++) reset(await connection({ ALPNProtocols: ['h2'] }));
    await allIsWell();
  });
});

describe('requests that are sent ahead', () => {
  const answers = (text: string) => text.match(/HTTP\/1\.1 \d+/g) ?? [];

  it.each([
    ['1,000 of a document', 1000, head('GET /version HTTP/1.1'), '200'],
    ['1,000 with bodies', 1000, `${head(`POST ${pods} HTTP/1.1`, 'Content-Length: 2')}{}`, '422'],
    ['1,000 with bodies that nobody reads', 1000, `${head('POST /nowhere HTTP/1.1', 'Content-Length: 2')}{}`, '404'],
    ['100 with long responses', 100, head('GET /openapi/v3/apis/apps/v1 HTTP/1.1'), '200'],
  ])('%s are all answered', async (_what, count, request, status) => {
    const socket = await connection();
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.write(request.repeat(count - 1) + request.replace('Host: a', 'Host: a\r\nConnection: close'));
    await once(socket, 'close');
    expect(new Set(answers(text))).toEqual(new Set([`HTTP/1.1 ${status}`]));
    expect(answers(text)).toHaveLength(count);
  });

  it('are answered one after another', async () => {
    let running = 0;
    let most = 0;
    const asked = new Subject<void>();
    server.own.list = async () => {
      most = Math.max(most, ++running);
      asked.next();
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return { items: [], metadata: { resourceVersion: '1' } };
    };
    const socket = await connection();
    socket.write(head(`GET ${pods} HTTP/1.1`).repeat(99) + head(`GET ${pods} HTTP/1.1`, 'Connection: close'));
    socket.resume();
    await once(socket, 'close');
    expect([most, server.calls.filter(({ verb }) => verb === 'list').length]).toEqual([1, 100]);
  });
});

describe('an upload that never ends', () => {
  it('is refused at once if it is not allowed', async () => {
    const socket = await connection();
    const headers = ['Impersonate-User: nobody', 'Content-Type: application/json', 'Content-Length: 1000000'];
    socket.write(`${head(`POST ${pods} HTTP/1.1`, ...headers)}{`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString('latin1', 0, 12)).toBe('HTTP/1.1 403');
    socket.destroy();
    await allIsWell();
  });
});

it('a connection without a TLS handshake is harmless', async () => {
  const { port } = new URL(server.url);
  for (const bytes of ['', 'GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\x02\x00\x01']) {
    const socket = connect(Number(port), '127.0.0.1').on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(bytes, () => socket.destroy());
  }
  await allIsWell();
});
