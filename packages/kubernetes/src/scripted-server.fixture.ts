import { once } from 'node:events';
import { createServer as createPlainServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect as connectSocket, createServer as createSocketServer, type Socket } from 'node:net';
import { textToBase64 } from '@orrery/api';
import { certificates } from './served-api.fixture.ts';

/** A received request, read to its end. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** An HTTPS server with scripted responses, for testing the transport between client and server. */
export interface ScriptedServer {
  readonly url: string;
  /** The authority's certificate, in base64, as in a kubeconfig. */
  readonly authority: string;
  readonly received: readonly Received[];
  /** The number of connections opened so far, and of those still open. */
  connections(): { readonly opened: number; readonly open: number };
  close(): Promise<void>;
}

/** Answers one request. */
export type Answer = (request: Received, response: ServerResponse) => void;

/** Serves on a free port of this machine. */
export async function serveScript(answer: Answer, options: { readonly tls?: boolean } = {}): Promise<ScriptedServer> {
  const { authority, serving } = await certificates();
  const received: Received[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks = await Array.fromAsync(request as AsyncIterable<Buffer>);
    const { method = '', url = '', headers } = request;
    const whole = { method, url, headers, body: Buffer.concat(chunks).toString() };
    received.push(whole);
    answer(whole, response);
  };
  const tls = options.tls ?? true;
  const server = tls
    ? createServer(
        { cert: serving.certificate, key: serving.key },
        (request, response) => void handle(request, response),
      )
    : createPlainServer((request, response) => void handle(request, response));
  const sockets = new Set<Socket>();
  let opened = 0;
  server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
    opened++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // Some tests disconnect midway.
    socket.on('error', () => undefined);
  });
  const port = await listen(server);
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    authority: textToBase64(authority.authority.certificate),
    received,
    connections: () => ({ opened, open: sockets.size }),
    close: () => end(server),
  };
}

/** A proxy that tunnels connections (`CONNECT`). */
export interface ScriptedProxy {
  readonly url: string;
  /** The requested targets, as `host:port`. */
  readonly targets: readonly string[];
  close(): Promise<void>;
}

export async function serveProxy(): Promise<ScriptedProxy> {
  const targets: string[] = [];
  const server = createPlainServer();
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    targets.push(request.url ?? '');
    const target = new URL(`http://${request.url}`);
    const upstream = connectSocket(Number(target.port), target.hostname, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.pipe(client);
      client.pipe(upstream);
    });
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}`, targets, close: () => end(server) };
}

/** Serves a SOCKS5 proxy (RFC 1928) without authentication, which tunnels connections. */
export async function serveSocks(): Promise<ScriptedProxy> {
  const targets: string[] = [];
  const clients = new Set<Socket>();
  const server = createSocketServer(async (client) => {
    clients.add(client);
    client.on('error', () => undefined);
    // Reads the client's methods and selects "no authentication".
    await once(client, 'data');
    client.write(Buffer.of(5, 0));
    const [request] = (await once(client, 'data')) as [Buffer];
    const isName = request[3] === 3;
    const host = isName ? request.toString('latin1', 5, 5 + (request[4] ?? 0)) : request.subarray(4, 8).join('.');
    const port = request.readUInt16BE(request.length - 2);
    targets.push(`${host}:${port}`);
    const upstream = connectSocket(port, host, () => {
      client.write(Buffer.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 0));
      upstream.pipe(client);
      client.pipe(upstream);
    });
    upstream.on('error', () => undefined);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `socks5://127.0.0.1:${port}`,
    targets,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const client of clients) client.destroy();
      }),
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function end(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
