import { failures } from '@orrery/api';
import type { RequestScope } from '../../request-path.ts';
import { resourceVerb } from '../../rest/request-target.ts';
import type { PortBackend } from '../../subresources/proxy.ts';
import type { ApiResponse, BodySource } from '../api-response.ts';
import type { Exchange } from '../exchange.ts';
import { type HeaderPairs, redirection, requestHeaders, responseHeaders } from './headers.ts';
import { answerAsKubelet } from './kubelet.ts';

/** A request that is forwarded to a port of a Pod. */
export interface ForwardedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: AsyncIterable<Uint8Array> | null;
  /** Aborted when the client no longer waits for the response. */
  readonly signal: AbortSignal;
}

/** The response of a port of a Pod. */
export interface ForwardedResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderPairs;
  readonly body: BodySource;
}

/**
 * Sends a request to a port of a Pod and resolves with the head of its response. Platforms with an HTTP client provide it.
 * @throws StatusError ServiceUnavailable if the port does not answer
 */
export type SendToPort = (backend: PortBackend, request: ForwardedRequest) => Promise<ForwardedResponse>;

/**
 * Forwards a request to a port of a Pod, or to a kubelet (`…/proxy/…`), and streams the response back.
 * @throws StatusError ServiceUnavailable if the backend does not answer
 */
export async function replyProxied(exchange: Exchange, scope: RequestScope): Promise<ApiResponse> {
  const { context, request } = exchange;
  const backend = await context.requestPath.proxied(scope, verbOf(exchange));
  const { before, rest } = proxiedPath(exchange);
  if (!rest.startsWith('/') && (request.method === 'GET' || request.method === 'HEAD')) {
    // The page's links are relative to a directory.
    return { status: 301, headers: { ...exchange.head(), location: `${before}/${rest}` }, body: undefined };
  }
  const forwarded = forward(exchange, false);
  if (backend.type === 'kubelet') return answerAsKubelet(exchange, backend, forwarded.path);
  if (context.sendToPort === undefined) {
    throw failures.serviceUnavailable('error trying to reach service: this API server speaks no HTTP to Pods');
  }
  const answered = await context.sendToPort(backend, forwarded).catch((error: unknown) => {
    exchange.record('debug', 'proxied request failed', error);
    throw error;
  });
  const hosts = [backend.address, request.headers.get('host') ?? backend.address];
  const headers = responseHeaders(answered.headers, (to) => redirection(to, before, hosts));
  return {
    status: answered.status,
    statusText: answered.statusText,
    headers: { ...exchange.head(), ...headers },
    body: answered.body,
  };
}

/** A connection that changes to another protocol (WebSocket) with a port of a Pod. */
export interface ProxyTunnel {
  readonly backend: PortBackend;
  /** The request that asks the port for the change. */
  readonly request: ForwardedRequest;
}

/** Finds the port to which an upgrade request is forwarded. @throws StatusError */
export async function proxyTunnel(exchange: Exchange, scope: RequestScope): Promise<ProxyTunnel> {
  const backend = await exchange.context.requestPath.proxied(scope, verbOf(exchange));
  if (backend.type === 'kubelet') throw failures.badRequest('the kubelet upgrades no connections here');
  return { backend, request: forward(exchange, true) };
}

function forward(exchange: Exchange, upgrade: boolean): ForwardedRequest {
  const { request, peer } = exchange;
  const { before, rest } = proxiedPath(exchange);
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  const uri = before + path.split('?', 1)[0];
  return {
    method: request.method,
    path,
    headers: requestHeaders(request.headers.entries(), { client: peer.remoteAddress, uri, upgrade }),
    get body() {
      return request.body;
    },
    get signal() {
      return request.signal;
    },
  };
}

/** A proxied URL: the API server's part of its path, and the part for the backend. Both are still percent-encoded. */
interface ProxiedPath {
  readonly before: string;
  /** With the query. */
  readonly rest: string;
}

/** Splits the path of a proxy request. Pure. */
function proxiedPath({ path, search }: Exchange): ProxiedPath {
  const before =
    /^\/+api\/+v1\/+(?:namespaces\/+[^/]+\/+)?(?:pods|services|nodes)\/+[^/]+\/+proxy(?=\/|$)/.exec(path)?.[0] ?? path;
  return { before, rest: path.slice(before.length) + search };
}

function verbOf({ request }: Exchange): string {
  return resourceVerb(request.method, { name: 'any', watch: false }) ?? '';
}
