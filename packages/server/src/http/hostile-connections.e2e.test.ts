import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { interval, map } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeNode } from './fake-node.fixture.ts';
import { ask } from './https-client.fixture.ts';
import { pod, type ServedApi, serveApi } from './served-api.fixture.ts';

/** Clients that are slow, or send and open without end, on real sockets: others are answered, and what they held is given back. */

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const heap = (): number => {
  collect();
  return process.memoryUsage().heapUsed + process.memoryUsage().external;
};
/** Bytes by which memory may be larger when clients have gone: code, caches, and what the last one leaves until the next comes. */
const slack = 64 * 2 ** 20;

let server: ServedApi;
let accepted: Socket[];
const accept = (message: unknown) => void accepted.push((message as { readonly socket: Socket }).socket);
const failures: unknown[] = [];
const fail = (error: unknown) => void failures.push(error);

beforeAll(async () => {
  server = await serveApi();
  subscribe('net.server.socket', accept);
  process.on('uncaughtExceptionMonitor', fail);
  await server.put(pod('x'));
});
afterAll(async () => {
  unsubscribe('net.server.socket', accept);
  process.off('uncaughtExceptionMonitor', fail);
  await server.close();
});
beforeEach(() => {
  accepted = [];
  failures.length = 0;
});

const ready = async () => (await ask(server, 'GET', '/readyz', { headers: { connection: 'close' } })).code;
const open = () => accepted.filter(({ destroyed }) => !destroyed).length;

/** Nobody is connected any more, nothing failed, the server answers, and memory is where it was. */
async function allIsWell(before: number): Promise<void> {
  await expect.poll(open, { timeout: 90_000 }).toBe(0);
  expect(failures).toEqual([]);
  expect(await ready()).toBe(200);
  await expect.poll(() => heap() - before, { timeout: 20_000 }).toBeLessThan(slack);
}

async function plain(): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

async function secure(protocol: 'h2' | 'http/1.1'): Promise<TLSSocket> {
  const ca = server.authority.authority.certificate;
  const socket = connectTls({
    port: server.port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca,
    ALPNProtocols: [protocol],
  });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  return socket;
}

const frame = (type: number, flags: number, stream: number, payload = Buffer.alloc(0)): Buffer => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};
const [DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION] = [0, 1, 2, 3, 4, 6, 8, 9];
const [END_STREAM, END_HEADERS] = [1, 4];
const literal = (name: string, value: string) =>
  Buffer.concat([Buffer.of(0, name.length), Buffer.from(name), Buffer.of(value.length), Buffer.from(value)]);
const request = (method: string, path: string) =>
  Buffer.concat([
    literal(':method', method),
    literal(':scheme', 'https'),
    literal(':path', path),
    literal(':authority', 'a'),
  ]);
const opening = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(SETTINGS, 0, 0)]);
const pods = '/api/v1/namespaces/default/pods';
const list = request('GET', pods);

/** A header of 4,000 bytes that is put into the table once, and named thousands of times by one byte each. */
const bomb = Buffer.concat([
  list,
  Buffer.of(0x40, 1, 0x78, 0x7f, 0xa1, 0x1e),
  Buffer.alloc(4000, 0x79),
  Buffer.alloc(2000, 0xbe),
]);

/** Frames that a client sends over and over: the n-th of them. */
const floods: readonly (readonly [what: string, frameAt: (n: number) => Buffer])[] = [
  ['settings', () => frame(SETTINGS, 0, 0)],
  ['pings', () => frame(PING, 0, 0, Buffer.alloc(8))],
  [
    'streams that are reset at once',
    (n) =>
      Buffer.concat([
        frame(HEADERS, END_HEADERS | END_STREAM, 2 * n + 1, list),
        frame(RST_STREAM, 0, 2 * n + 1, Buffer.alloc(4)),
      ]),
  ],
  ['streams that stay half open', (n) => frame(HEADERS, END_HEADERS, 2 * n + 1, request('POST', pods))],
  ['requests whose answers are not read', (n) => frame(HEADERS, END_HEADERS | END_STREAM, 2 * n + 1, list)],
  [
    'headers that go on and on',
    (n) => (n === 0 ? frame(HEADERS, 0, 1, list) : frame(CONTINUATION, 0, 1, literal(`x${n % 90}`, 'y'))),
  ],
  ['headers without any content', (n) => (n === 0 ? frame(HEADERS, 0, 1, list) : frame(CONTINUATION, 0, 1))],
  ['compressed headers that inflate', (n) => frame(HEADERS, END_HEADERS | END_STREAM, 2 * n + 1, bomb)],
  ['empty data', (n) => (n === 0 ? frame(HEADERS, END_HEADERS, 1, request('POST', pods)) : frame(DATA, 0, 1))],
  ['priorities', () => frame(PRIORITY, 0, 1, Buffer.alloc(5))],
  ['window updates', () => frame(WINDOW_UPDATE, 0, 0, Buffer.of(0, 0, 0, 1))],
  ['frames of no known type', () => frame(99, 0, 0, Buffer.alloc(100))],
];

/** Frames sent at most; many floods end their connection much earlier. */
const most = 50_000;

describe('HTTP/2', () => {
  it.each(floods)('%s flood one connection, and nobody else', async (_what, frameAt) => {
    const before = heap();
    const socket = await secure('h2');
    // Nothing is read, so answers to the flood are not either.
    socket.pause();
    socket.write(opening);
    const closed = once(socket, 'close');
    let answers = 0;
    for (let n = 0; n < most && !socket.destroyed && open() > 0; n += 100) {
      const frames = Buffer.concat(Array.from({ length: 100 }, (_, i) => frameAt(n + i)));
      const room = socket.write(frames);
      if (n % 10_000 === 0) {
        expect(await ready()).toBe(200);
        answers++;
      }
      // A server that does not read on has bounded the flood too.
      if (!room) await Promise.race([once(socket, 'drain'), closed, new Promise((done) => setTimeout(done, 200))]);
      if (socket.writableLength > 2 ** 22) break;
    }
    expect(answers).toBeGreaterThan(0);
    expect(heap() - before).toBeLessThan(128 * 2 ** 20);
    socket.destroy();
    await allIsWell(before);
  });
});

describe('clients that never finish', () => {
  const head = (line: string, ...more: string[]) => [line, 'Host: a', ...more, '', ''].join('\r\n');
  const each = 40;

  it('are disconnected: handshakes, heads, and bodies that do not come', async () => {
    const before = heap();
    const sockets: Socket[] = [];
    const many = async (make: () => Promise<Socket>) => {
      for (let i = 0; i < each; i++) sockets.push(await make());
    };
    await many(plain);
    await many(async () => {
      const socket = await plain();
      socket.write('\x16\x03\x01\x02\x00\x01');
      return socket;
    });
    await many(async () => {
      const socket = await secure('http/1.1');
      socket.write('GET /version HTTP/1.1\r\nHost: a\r\nX-A');
      return socket;
    });
    await many(async () => {
      const socket = await secure('http/1.1');
      const more = ['Content-Type: application/json', 'Content-Length: 1000', 'Connection: close'];
      socket.write(`${head(`POST ${pods} HTTP/1.1`, ...more)}{`);
      return socket;
    });
    await many(async () => {
      const socket = await secure('h2');
      socket.write(opening);
      return socket;
    });
    for (const socket of sockets) socket.resume();
    // Those that send a byte now and then are no better off.
    const drip = setInterval(() => {
      for (const socket of sockets) if (!socket.destroyed && !(socket as TLSSocket).alpnProtocol) socket.write(' ');
    }, 1000);
    expect(await ready()).toBe(200);
    // What is over HTTP/2 is idle, and may be so for two minutes.
    await expect.poll(() => sockets.filter(({ destroyed }) => !destroyed).length, { timeout: 100_000 }).toBe(each);
    clearInterval(drip);
    for (const socket of sockets) socket.destroy();
    await allIsWell(before);
  });
});

describe('clients that do not read', () => {
  const chunk = new Uint8Array(2 ** 20).fill(0x61);
  const get = (path: string, ...more: string[]) => [`GET ${path} HTTP/1.1`, 'Host: a', ...more, '', ''].join('\r\n');
  const webSocket = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    'Sec-WebSocket-Protocol: v5.channel.k8s.io',
  ];
  const spdy = ['Connection: Upgrade', 'Upgrade: SPDY/3.1', 'X-Stream-Protocol-Version: v4.channel.k8s.io'];
  const exec = `${pods}/x/exec?command=gush&stdout=true`;

  it.each([
    ['a list', get(`${pods}?limit=0`)],
    ['a watch', get(`${pods}?watch=true`)],
    ['a log', get(`${pods}/x/log?follow=true`)],
    ['the output of a command over a WebSocket', get(exec, ...webSocket)],
    ['the output of a command over SPDY', get(exec, ...spdy)],
  ])('of %s do not fill the memory', async (_what, bytes) => {
    const node = new FakeNode();
    node.logs = async () => interval(1).pipe(map(() => chunk)) as never;
    server.setNode(node);
    for (let i = 0; i < 300; i++)
      await server.put({
        ...pod(`x${i}`),
        metadata: { ...pod(`x${i}`).metadata, annotations: { a: 'y'.repeat(10_000) } },
      } as never);
    const before = heap();
    const sockets = await Promise.all(Array.from({ length: 8 }, () => secure('http/1.1')));
    for (const socket of sockets) {
      socket.pause();
      socket.write(bytes);
    }
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 20; i++)
        await server.put({
          ...pod(`x${i}`),
          metadata: { ...pod(`x${i}`).metadata, labels: { round: String(round) } },
        } as never);
      expect(await ready()).toBe(200);
    }
    expect(heap() - before).toBeLessThan(400 * 2 ** 20);
    for (const socket of sockets) socket.destroy();
    server.setNode(new FakeNode());
    // What the fixture recorded of the requests refers to their connections.
    await expect.poll(open, { timeout: 10_000 }).toBe(0);
    await server.clear();
    await allIsWell(before);
    await server.put(pod('x'));
  });
});
