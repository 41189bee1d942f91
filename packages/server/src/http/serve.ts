import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Clock, Environment } from '@orrery/core';
import type { KeyPair } from '../certificates/index.ts';
import { type ApiDoor, createApiDoor, type HealthCheck } from '../door/index.ts';
import { record } from '../door/record.ts';
import type { RequestPath } from '../request-path.ts';
import { peerOf } from './client-certificate.ts';
import { IncomingRequest } from './incoming-request.ts';
import { httpToPorts } from './proxy/send-to-port.ts';
import { sendResponse } from './send-response.ts';
import { handleUpgrade } from './streams/upgrade.ts';

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

/** Milliseconds that requests in flight have to finish when the server closes. */
const closingGraceMs = 1000;

/**
 * Serves the Kubernetes API over HTTPS.
 * @throws Error that names the port if it is in use
 */
export async function serveHttps(options: HttpsOptions): Promise<HttpsServing> {
  const { requestPath, environment, host = '127.0.0.1', certificates, health = [] } = options;
  const clock = options.clock ?? environment.clock;
  const closing = new AbortController();
  const door = createApiDoor({
    requestPath,
    environment,
    clock,
    random: environment.random.fork('http'),
    health,
    sendToPort: httpToPorts(clock),
  });
  const inFlight = new Set<Promise<void>>();
  const track = (request: IncomingMessage, work: Promise<void>) => {
    const tracked = work
      .catch((error: unknown) => {
        const { method = '', url = '' } = request;
        const path = url.split('?', 1)[0] ?? '';
        record(environment, { level: 'error', message: 'request failed', error, method, path });
        // The response is incomplete, however much of it has been sent.
        request.socket.destroy();
      })
      .finally(() => inFlight.delete(tracked));
    inFlight.add(tracked);
  };
  const https = createServer(
    {
      cert: certificates.serving.certificate,
      key: certificates.serving.key,
      ca: certificates.clientAuthority,
      requestCert: true,
      // A client without a certificate may send a token; one with an untrusted certificate gets a 401.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      maxHeaderSize: 64 * 1024,
      // Longer than clients keep idle connections: if the client closes first, no request is lost.
      keepAliveTimeout: 120_000,
      shouldUpgradeCallback: isUpgrade,
    },
    (request, response) => track(request, handle(door, request, response, closing.signal)),
  );
  const upgraded = new Set<Duplex>();
  https.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgraded.add(socket);
    socket.on('close', () => upgraded.delete(socket));
    track(request, handleUpgrade({ door, clock, closing: closing.signal }, { request, socket, head }));
  });
  const port = await listen(https, host, options.port);
  let closed: Promise<void> | undefined;
  async function close(): Promise<void> {
    const freed = new Promise<void>((resolve) => https.close(() => resolve()));
    closing.abort(new Error('the server is closing'));
    https.closeIdleConnections();
    const streamsOver = [...upgraded].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    await Promise.race([Promise.allSettled([...inFlight, ...streamsOver]), grace()]);
    https.closeAllConnections();
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

async function handle(
  door: ApiDoor,
  request: IncomingMessage,
  response: ServerResponse,
  closing: AbortSignal,
): Promise<void> {
  // A client that disconnects midway is not an error.
  response.on('error', ignore);
  const answer = await door.answer(new IncomingRequest(request, response), peerOf(request.socket as TLSSocket));
  await sendResponse(request, response, answer, closing);
}

const ignore = () => undefined;
