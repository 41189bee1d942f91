import type { IncomingMessage } from 'node:http';
import { createServer, type Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Clock, Environment } from '@orrery/core';
import type { KeyPair } from '../certificates/index.ts';
import { type ApiDoor, type ApiRequest, createApiDoor, type HealthCheck, type Peer } from '../door/index.ts';
import { record } from '../door/record.ts';
import type { RequestPath } from '../request-path.ts';
import { peerOf } from './client-certificate.ts';
import { Http1Channel } from './http1-channel.ts';
import { Http2Sessions, unreadMs } from './http2-sessions.ts';
import { IncomingRequest } from './incoming-request.ts';
import { Pipelines } from './pipeline.ts';
import { httpToPorts } from './proxy/send-to-port.ts';
import type { ResponseChannel } from './response-channel.ts';
import { sendResponse } from './send-response.ts';
import { handleUpgrade } from './streams/upgrade.ts';
import { YamlThreads } from './yaml-threads.ts';

/** Options of the HTTPS front door. */
export interface HttpsOptions {
  readonly requestPath: RequestPath;
  readonly environment: Environment;
  /** Address to listen on. Default `127.0.0.1`: this machine only. */
  readonly host?: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** The serving certificate, and the PEM of the authority that client certificates must be signed by. */
  readonly certificates: { readonly serving: KeyPair; readonly clientAuthority: string };
  /** Times connections. Default: the environment's clock; pass a real one when the cluster's runs faster than its clients. */
  readonly clock?: Clock;
  /** Additional checks of `/readyz` and `/healthz`. Default: none. */
  readonly health?: readonly HealthCheck[];
}

/** A running HTTPS server. */
export interface HttpsServing {
  readonly port: number;
  /** `https://127.0.0.1:6443`. */
  readonly url: string;
  /** Ends watches and streams, gives requests in flight a moment to finish, and releases the port. */
  close(): Promise<void>;
}

/** Milliseconds that a client has for its TLS handshake. */
const handshakeMs = 10_000;

/** Milliseconds that a client has to send the head of a request, as in Kubernetes. */
const headersMs = 32_000;

/** Milliseconds between two checks of which connections have not sent their request in time. */
const checkMs = 5000;

/** Milliseconds that requests in flight have to finish when the server closes. */
const closingGraceMs = 1000;

/**
 * Serves the Kubernetes API over HTTPS: HTTP/2 or HTTP/1.1, as each client negotiates (ALPN).
 * @throws Error that names the port if it is in use
 */
export async function serveHttps(options: HttpsOptions): Promise<HttpsServing> {
  const { requestPath, environment, host = '127.0.0.1', certificates, health = [] } = options;
  const clock = options.clock ?? environment.clock;
  const closing = new AbortController();
  const yaml = new YamlThreads();
  const door = createApiDoor({
    requestPath,
    environment,
    clock,
    random: environment.random.fork('http'),
    health,
    sendToPort: httpToPorts(clock),
    readYaml: yaml.read,
  });
  const inFlight = new Set<Promise<void>>();
  const track = ({ method, url }: RequestLine, abort: () => void, work: Promise<void>) => {
    const tracked = work
      .catch((error: unknown) => {
        const path = url?.split('?', 1)[0] ?? '';
        record(environment, { level: 'error', message: 'request failed', error, method: method ?? '', path });
        // The response is incomplete, however much of it has been sent.
        abort();
      })
      .finally(() => inFlight.delete(tracked));
    inFlight.add(tracked);
  };
  const answer = (request: ApiRequest, channel: ResponseChannel, socket: TLSSocket) =>
    track(request, () => channel.abort(), handle(door, request, channel, peerOf(socket), closing.signal));
  const pipelines = new Pipelines();
  const upgraded = new Set<Duplex>();
  const https = createServer(
    {
      cert: certificates.serving.certificate,
      key: certificates.serving.key,
      ca: certificates.clientAuthority,
      requestCert: true,
      // A client without a certificate may send a token; one with an untrusted certificate gets a 401.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['h2', 'http/1.1'],
      maxHeaderSize: 64 * 1024,
      // Longer than clients keep idle connections: if the client closes first, no request is lost.
      keepAliveTimeout: 120_000,
      handshakeTimeout: handshakeMs,
      headersTimeout: headersMs,
      connectionsCheckingInterval: checkMs,
      shouldUpgradeCallback: isUpgrade,
    },
    (request, response) => {
      // A client that disconnects midway is not an error.
      request.on('error', ignore);
      response.on('error', ignore);
      const socket = request.socket as TLSSocket;
      pipelines.next(request, response, () =>
        answer(new IncomingRequest(request, response), new Http1Channel(request, response), socket),
      );
    },
  );
  https.setTimeout(unreadMs, (socket) => {
    if (socket.writableLength > 0 || !(upgraded.has(socket) || pipelines.isBusy(socket))) socket.destroy();
  });
  const sessions = new Http2Sessions(answer);
  const [speakHttp1] = https.listeners('secureConnection');
  https.removeAllListeners('secureConnection');
  https.on('secureConnection', (socket) => {
    // For life: a connection that breaks is its client's loss alone.
    socket.on('error', ignore);
    if (socket.alpnProtocol === 'h2') void sessions.accept(socket);
    else speakHttp1?.call(https, socket);
  });
  https.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgraded.add(socket);
    socket.on('close', () => upgraded.delete(socket));
    const upgrading = handleUpgrade({ door, clock, closing: closing.signal }, { request, socket, head });
    track(request, () => socket.destroy(), upgrading);
  });
  const port = await listen(https, host, options.port);
  let closed: Promise<void> | undefined;
  async function close(): Promise<void> {
    const freed = new Promise<void>((resolve) => https.close(() => resolve()));
    closing.abort(new Error('the server is closing'));
    yaml.close();
    https.closeIdleConnections();
    const streamsOver = [...upgraded].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    await Promise.race([Promise.allSettled([...inFlight, ...streamsOver, sessions.close()]), grace()]);
    https.closeAllConnections();
    sessions.destroy();
    for (const socket of upgraded) socket.destroy();
    await freed;
  }
  return {
    port,
    url: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

function grace(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, closingGraceMs).unref();
  });
}

/** Only these two protocols are supported; others (such as h2c) are ignored, as HTTP allows. */
function isUpgrade(request: IncomingMessage): boolean {
  return /^(websocket|spdy\/3\.1)$/i.test(request.headers.upgrade ?? '');
}

async function listen(https: HttpsServer, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    https.once('error', (cause: NodeJS.ErrnoException) => {
      reject(cause.code === 'EADDRINUSE' ? portInUse(host, port, cause) : cause);
    });
    https.listen(port, host, resolve);
  });
  return (https.address() as AddressInfo).port;
}

function portInUse(host: string, port: number, cause: Error): Error {
  const message = `port ${port} of ${host} is in use: end the program that listens there, or choose another port`;
  return Object.assign(new Error(message, { cause }), { code: 'EADDRINUSE' });
}

/** What a failed request is recorded by. */
interface RequestLine {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
}

async function handle(
  door: ApiDoor,
  request: ApiRequest,
  channel: ResponseChannel,
  peer: Peer,
  closing: AbortSignal,
): Promise<void> {
  await sendResponse(channel, await door.answer(request, peer), closing);
}

const ignore = () => undefined;
