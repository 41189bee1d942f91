import { once } from 'node:events';
import { connect, createSecureContext, type TLSSocket } from 'node:tls';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import type { Fuzzer } from '../fuzzer.ts';
import { runRounds, sideBySide } from '../rounds.ts';
import { ServedCluster } from '../served-cluster.ts';

/** Connections that are open at a time. */
const together = 8;

/** A stream: how it is opened, what is sent on it, and how it ends. */
interface FuzzedStream {
  readonly path: string;
  readonly upgrade: string;
  readonly protocol: string;
  /** Frames in hexadecimal. */
  readonly frames: readonly string[];
  readonly end: 'end' | 'destroy' | 'wait';
}

const pod = '/api/v1/namespaces/fuzz/pods/a';
const streams: readonly (readonly [path: string, upgrade: string, protocol: string])[] = [
  [`${pod}/exec?command=cat&stdin=true&stdout=true`, 'SPDY/3.1', 'v4.channel.k8s.io'],
  [`${pod}/exec?command=sh&stdin=true&stdout=true&tty=true`, 'websocket', 'v5.channel.k8s.io'],
  [`${pod}/exec?command=cat&stdin=true&stdout=true`, 'websocket', 'base64.channel.k8s.io'],
  [`${pod}/attach?stdout=true`, 'websocket', 'v4.channel.k8s.io'],
  [`${pod}/attach?stdin=true&stdout=true`, 'SPDY/3.1', 'v4.channel.k8s.io'],
  [`${pod}/log?follow=true`, 'websocket', 'binary.k8s.io'],
  [`${pod}/portforward`, 'SPDY/3.1', 'portforward.k8s.io'],
  [`${pod}/portforward`, 'websocket', 'SPDY/3.1+portforward.k8s.io'],
  [`${pod}:80/proxy/`, 'websocket', 'a'],
  [`${pod}/exec`, 'SPDY/3.1', 'x'],
  ['/api/v1/namespaces/fuzz/pods/none/exec?command=a&stdout=true', 'websocket', 'v5.channel.k8s.io'],
  ['/version', 'SPDY/3.1', ''],
];

const number = (value: number, bytes: number): Buffer => {
  const out = Buffer.alloc(bytes);
  out.writeUIntBE(value, 0, bytes);
  return out;
};
const deflated = new Map<string, Buffer>();
const headers = (name: string, size: number): Buffer => {
  const known = deflated.get(`${name} ${size}`);
  if (known !== undefined) return known;
  const texts = ['streamtype', name, 'port', '80', 'requestid', '1', 'padding', 'x'.repeat(size)];
  const block = texts.flatMap((text) => [number(text.length, 4), Buffer.from(text)]);
  const made = deflateSync(Buffer.concat([number(texts.length / 2, 4), ...block]));
  deflated.set(`${name} ${size}`, made);
  return made;
};

const spdyFrame: fc.Arbitrary<Buffer> = fc
  .record({
    type: fc.constantFrom(1, 2, 3, 4, 6, 7, 8, 9, 99),
    version: fc.constantFrom(0x8003, 0x8003, 0x8003, 0x8002, 0x0003),
    flags: fc.constantFrom(0, 1, 2, 255),
    id: fc.constantFrom(0, 1, 2, 3, 5, 0x7fffffff),
    body: fc.oneof(
      fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
      fc
        .record({
          name: fc.constantFrom('error', 'stdin', 'stdout', 'data', 'resize', 'x'),
          size: fc.constantFrom(0, 10, 70_000, 5_000_000),
        })
        .map(({ name, size }) => Buffer.concat([Buffer.alloc(6), headers(name, size)])),
    ),
    lie: fc.constantFrom(0, 0, 0, 1, -1, 0xff0000),
  })
  .map(({ type, version, flags, id, body, lie }) => {
    const length = Math.max(0, Math.min(0xffffff, body.length + 4 + lie));
    return Buffer.concat([
      number(version, 2),
      number(type, 2),
      number(flags, 1),
      number(length, 3),
      number(id, 4),
      body,
    ]);
  });

const dataFrame = fc
  .record({ id: fc.constantFrom(0, 1, 3, 5), flags: fc.constantFrom(0, 1), data: fc.uint8Array({ maxLength: 50 }) })
  .map(({ id, flags, data }) =>
    Buffer.concat([number(id, 4), number(flags, 1), number(data.length, 3), Buffer.from(data)]),
  );

const webSocketFrame = fc
  .record({
    first: fc.oneof(fc.constantFrom(0x81, 0x82, 0x88, 0x89, 0x8a, 0x02, 0x00), fc.nat(255)),
    masked: fc.constantFrom(0x80, 0x80, 0x80, 0),
    body: fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom(Uint8Array.of(0, 97), Uint8Array.of(4, 123, 125), Uint8Array.of(255, 0), Uint8Array.of(0)),
    ),
    lie: fc.constantFrom(0, 0, 0, 3),
  })
  .map(({ first, masked, body, lie }) =>
    Buffer.concat([
      number(first, 1),
      number(masked | Math.min(125, body.length + lie), 1),
      ...(masked === 0 ? [] : [Buffer.alloc(4)]),
      Buffer.from(body),
    ]),
  );

const stream: fc.Arbitrary<FuzzedStream> = fc
  .record({
    opened: fc.constantFrom(...streams),
    frames: fc.array(
      fc.oneof(
        spdyFrame,
        dataFrame,
        webSocketFrame,
        fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      ),
      { maxLength: 8 },
    ),
    end: fc.constantFrom('end' as const, 'destroy' as const, 'wait' as const),
  })
  .map(({ opened: [path, upgrade, protocol], frames, end }) => ({
    path,
    upgrade,
    protocol,
    frames: frames.map((frame) => frame.toString('hex')),
    end,
  }));

/** Frames on streams of a served cluster, in all states of their connections: none may end the process or hold it up. */
export const fuzzer: Fuzzer = async (options) => {
  const { timed = true } = options;
  const cluster = await ServedCluster.start(objects, timed);
  const port = Number(new URL(cluster.url).port);
  const secureContext = createSecureContext(cluster.tls);
  const connection = { port, host: '127.0.0.1', servername: 'localhost', secureContext };
  const send = async ({ path, upgrade, protocol, frames, end }: FuzzedStream): Promise<void> => {
    const socket = connect(connection);
    socket.on('error', () => undefined);
    await once(socket, 'secureConnect');
    const head = [
      `GET ${path} HTTP/1.1`,
      'Host: a',
      'Connection: Upgrade',
      `Upgrade: ${upgrade}`,
      `X-Stream-Protocol-Version: ${protocol}`,
      `Sec-WebSocket-Protocol: ${protocol}`,
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    await changed(socket);
    socket.resume();
    for (const frame of frames) if (socket.writable) socket.write(Buffer.from(frame, 'hex'));
    if (end === 'end') socket.end();
    if (end === 'wait') await changed(socket);
    await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
  };
  const result = await runRounds(
    {
      arbitrary: stream,
      size: 500,
      run: async (made, over) => {
        let cases = 0;
        const problem = await cluster.watching(async () => {
          cases = await sideBySide(made, together, over, send);
        });
        return { cases, problem };
      },
      figures: () => cluster.figures(),
    },
    options,
  );
  return { ...result, figures: [...result.figures, await cluster.close()] };
};

const objects = `
apiVersion: v1
kind: Namespace
metadata: { name: fuzz }
---
apiVersion: v1
kind: Pod
metadata: { name: a, namespace: fuzz }
spec: { containers: [{ name: a, image: busybox, command: [sh, -c, "while true; do echo a; sleep 1; done"] }] }
`;

/** Something arrives, or the connection ends, or a moment has passed. */
async function changed(socket: TLSSocket): Promise<void> {
  const moment = new AbortController();
  const { signal } = moment;
  const timer = setTimeout(() => moment.abort(), 50);
  try {
    await Promise.race([once(socket, 'data', { signal }), once(socket, 'close', { signal })]);
  } catch {
    // The moment has passed.
  } finally {
    clearTimeout(timer);
    moment.abort();
  }
}
