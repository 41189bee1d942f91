import { type ClientRequest, type IncomingMessage, request as startRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { failures, type StatusError } from '@orrery/api';
import type { RequestScope } from '../../request-path.ts';
import { resourceVerb } from '../../rest/request-target.ts';
import type { PortBackend } from '../../subresources/proxy.ts';
import { type Exchange, type Server, tell } from '../exchange.ts';
import { replyStatus } from '../reply.ts';
import type { Upgrade } from '../streams/handshake.ts';
import { redirection, requestHeaders, responseHeaders } from './headers.ts';
import { answerAsKubelet } from './kubelet.ts';
import { PortSocket } from './port-socket.ts';

/** A proxied URL: the API server's part of its path, and what the backend gets. Both are still percent-encoded. */
interface ProxiedPath {
  readonly before: string;
  /** With the query. */
  readonly rest: string;
}

/** Cuts the path of a proxy request in two. Pure. */
function proxiedPath({ path, request }: Exchange): ProxiedPath {
  const before =
    /^\/+api\/+v1\/+(?:namespaces\/+[^/]+\/+)?(?:pods|services|nodes)\/+[^/]+\/+proxy(?=\/|$)/.exec(path)?.[0] ?? path;
  const question = request.url?.indexOf('?') ?? -1;
  return { before, rest: path.slice(before.length) + (question < 0 ? '' : (request.url ?? '').slice(question)) };
}

function verbOf({ request }: Exchange): string {
  return resourceVerb(request.method ?? 'GET', { name: 'any', watch: false }) ?? '';
}

/**
 * Passes a request on to a port of a Pod, or to a kubelet (`…/proxy/…`), and its answer back, both as they come.
 * @throws StatusError before the first byte: ServiceUnavailable where nobody answers
 */
export async function sendProxied(server: Server, exchange: Exchange, scope: RequestScope): Promise<void> {
  const backend = await server.requestPath.proxied(scope, verbOf(exchange));
  const { before, rest } = proxiedPath(exchange);
  const { request, response } = exchange;
  if (!rest.startsWith('/') && (request.method === 'GET' || request.method === 'HEAD')) {
    // Links of the page are relative to a folder.
    response.writeHead(301, { location: `${before}/${rest}` }).end();
    return;
  }
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  if (backend.type === 'kubelet') return answerAsKubelet(server, exchange, backend, path);
  const socket = await open(server, backend);
  if (response.destroyed) {
    socket.destroy();
    return;
  }
  const outgoing = startRequest({
    createConnection: () => socket,
    method: request.method ?? 'GET',
    path,
    headers: requestHeaders(request.rawHeaders, {
      client: request.socket.remoteAddress ?? '',
      uri: before + path.split('?', 1)[0],
      upgrade: false,
    }),
    setHost: false,
  });
  await passOn(server, exchange, outgoing, (to) =>
    redirection(to, before, [backend.address, request.headers.host ?? backend.address]),
  );
}

/** Milliseconds that a backend has for its side of a TLS handshake, as Go's client gives it. */
const handshakeMs = 10_000;

/** @throws StatusError ServiceUnavailable */
async function open({ clock }: Server, { scheme, connect }: PortBackend): Promise<Duplex> {
  const socket = new PortSocket(await connect());
  if (scheme === 'http') return socket;
  // Nobody vouches for the certificates of Pods.
  const secured = connectTls({ socket, rejectUnauthorized: false });
  const timer = clock.schedule(handshakeMs, () => {
    secured.destroy(new Error('net/http: TLS handshake timeout'));
  });
  return new Promise((resolve, reject) => {
    secured.once('secureConnect', () => {
      timer[Symbol.dispose]();
      resolve(secured);
    });
    secured.once('error', (error) => {
      timer[Symbol.dispose]();
      reject(unreachable(error));
    });
  });
}

/** A connection that ends without an answer is what Go's client calls EOF. */
function unreachable(error: Error): StatusError {
  const why = (error as NodeJS.ErrnoException).code === 'ECONNRESET' ? 'EOF' : error.message;
  return failures.serviceUnavailable(`error trying to reach service: ${why}`);
}

/** Resolves when the answer has been passed on, or cannot be. */
function passOn(
  server: Server,
  { request, response }: Exchange,
  outgoing: ClientRequest,
  location: (to: string) => string,
): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      server.closing.removeEventListener('abort', finish);
      outgoing.destroy();
      resolve();
    };
    const fail = (error: Error) => {
      if (!response.destroyed) {
        tell(server, request, 'debug', 'proxied request failed', error);
        replyStatus(response, unreachable(error).status);
      }
      finish();
    };
    server.closing.addEventListener('abort', finish);
    response.on('close', finish);
    outgoing.on('error', fail);
    outgoing.on('response', (incoming: IncomingMessage) => {
      const { statusCode = 502, statusMessage, rawHeaders } = incoming;
      incoming.on('error', fail);
      response.writeHead(statusCode, statusMessage, responseHeaders(rawHeaders, location));
      response.flushHeaders();
      incoming.pipe(response);
    });
    request.pipe(outgoing);
  });
}

/**
 * Passes a request that changes the protocol of its connection (WebSocket) on to a port of a Pod: from then on, bytes go both
 * ways as they are. @throws StatusError before the first byte
 */
export async function tunnelProxied(
  server: Server,
  exchange: Exchange,
  scope: RequestScope,
  { request, socket, head }: Upgrade,
): Promise<void> {
  const backend = await server.requestPath.proxied(scope, verbOf(exchange));
  if (backend.type === 'kubelet') throw failures.badRequest('the kubelet upgrades no connections here');
  const { before, rest } = proxiedPath(exchange);
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  const headers = requestHeaders(request.rawHeaders, {
    client: request.socket.remoteAddress ?? '',
    uri: before + path.split('?', 1)[0],
    upgrade: true,
  });
  const target = await open(server, backend);
  if (socket.destroyed) {
    target.destroy();
    return;
  }
  const lines = Array.from({ length: headers.length / 2 }, (_, at) => `${headers[2 * at]}: ${headers[2 * at + 1]}\r\n`);
  target.write(`${request.method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
  target.write(head);
  target.pipe(socket).pipe(target);
  const end = () => {
    server.closing.removeEventListener('abort', end);
    target.destroy();
    socket.destroy();
  };
  target.on('error', end).on('close', end);
  socket.on('close', end);
  server.closing.addEventListener('abort', end);
}
