import { discoveryDocuments, failures, type Status, StatusError } from '@orrery/api';
import type { Environment, ObjectList } from '@orrery/core';
import type { Observable } from 'rxjs';
import type { RequestPath, RequestScope } from '../request-path.ts';
import { decodeBody, maxBodyBytes, parseJson, parseYaml } from '../rest/body-value.ts';
import { containerOf } from '../rest/containers.ts';
import { impersonation } from '../rest/impersonation.ts';
import { logOptions } from '../rest/log-options.ts';
import { deleteOptions, listOptions, writeOptions } from '../rest/query.ts';
import { parseTarget } from '../rest/request-target.ts';
import { patchType, type RequestLine, type ResourceRequest, resourceRequest } from '../rest/resource-request.ts';
import { watchLines } from './watch-lines.ts';

/** An HTTP request as a value, as a simulated network carries it. */
export interface PlainRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly body: string | Uint8Array;
}

/** An HTTP response as a value; `stream` goes on after `body`. */
export interface PlainResponse {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
  readonly stream?: Observable<Uint8Array>;
}

/** What answers one request. Never rejects: failures are answers too. */
export type InClusterHandler = (request: PlainRequest) => Promise<PlainResponse>;

/**
 * Serves the API to containers of a simulated cluster, who reach it as `https://kubernetes.default.svc` with nothing but the
 * files that are projected into them (Kubernetes "Accessing the Kubernetes API from a Pod"): JSON and YAML over values instead
 * of sockets, on the same request path. Streams for exec, attach and port-forward need a socket and are not served here.
 */
export function createInClusterHandler(requestPath: RequestPath, environment: Environment): InClusterHandler {
  return async (request) => {
    // Neither the clock nor turns see a caller that waits here for an answer.
    using _busy = environment.work.busy('request from a container');
    const warnings: string[] = [];
    try {
      return await answer({ requestPath, environment, request, warnings });
    } catch (error) {
      const status = statusOf(error);
      return json(status.code ?? 500, status, warnings);
    }
  };
}

interface Exchange {
  readonly requestPath: RequestPath;
  readonly environment: Environment;
  readonly request: PlainRequest;
  readonly warnings: string[];
}

async function answer(exchange: Exchange): Promise<PlainResponse> {
  const { requestPath, environment, request, warnings } = exchange;
  const url = new URL(request.path, 'https://kubernetes.default.svc');
  const query = url.searchParams;
  const user = await requestPath.authenticate(credentials(request));
  const target = parseTarget(url.pathname);
  if (target.type === 'path') {
    const verb = request.method === 'HEAD' ? 'get' : request.method.toLowerCase();
    await requestPath.authorize(user, { verb, path: target.path });
    return documentAt(requestPath, verb, target.path);
  }
  const line: RequestLine = { method: request.method, query, user, warn: (text) => warnings.push(text) };
  const found = await resourceRequest(requestPath, line, target);
  const { scope, verb } = found;
  if (verb === 'connect') throw failures.badRequest('Upgrade request required');
  if (scope.kind.kind === 'Pod' && scope.subresource === 'log') return log(requestPath, scope, query);
  if (verb === 'watch') {
    const stream = await watchLines({ requestPath, environment, scope, query });
    return { status: 200, headers: { 'content-type': 'application/json' }, body: '', stream };
  }
  const { code, body } = await carryOut(exchange, found, query);
  return json(code, body, warnings);
}

function credentials({ headers }: PlainRequest): Parameters<RequestPath['authenticate']>[0] {
  const all: { [name: string]: string[] } = Object.create(null);
  for (const { name, value } of headers) {
    const key = name.toLowerCase();
    all[key] = [...(all[key] ?? []), value];
  }
  const bearerToken = /^bearer +(\S+) *$/i.exec(all.authorization?.[0] ?? '')?.[1];
  const impersonate = impersonation(all);
  return {
    ...(bearerToken === undefined ? {} : { bearerToken }),
    ...(impersonate === undefined ? {} : { impersonate }),
  };
}

/** @throws StatusError NotFound for what is not served */
function documentAt(requestPath: RequestPath, verb: string, path: string): PlainResponse {
  if (verb === 'get') {
    if (/^\/(healthz|livez|readyz)$/.test(path)) {
      return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'ok' };
    }
    const document =
      path === '/version'
        ? { major: '1', minor: '35', gitVersion: 'v1.35.0+orrery' }
        : discoveryDocuments(requestPath.kinds).path(path);
    if (document !== undefined) return json(200, document, []);
  }
  throw failures.noSuchPath();
}

/** A container's log, followed if that is what was asked. @throws StatusError */
async function log(requestPath: RequestPath, scope: RequestScope, query: URLSearchParams): Promise<PlainResponse> {
  const options = logOptions(query);
  const { pod, node } = await requestPath.node(scope);
  const container = containerOf(pod, query.get('container') ?? '', 'refuse');
  const { namespace = '', name, uid } = pod.metadata;
  const stream = await node.logs({ namespace, pod: name, uid, container }, options);
  return { status: 200, headers: { 'content-type': 'text/plain' }, body: '', stream };
}

async function carryOut(
  exchange: Exchange,
  { scope, verb }: ResourceRequest,
  query: URLSearchParams,
): Promise<{ readonly code: number; readonly body: object }> {
  const { requestPath, request } = exchange;
  const agent = header(request, 'user-agent');
  switch (verb) {
    case 'get': {
      const resourceVersion = query.get('resourceVersion') ?? '';
      return { code: 200, body: await requestPath.get(scope, resourceVersion === '' ? {} : { resourceVersion }) };
    }
    case 'list':
      return { code: 200, body: listBody(scope, await requestPath.list(scope, listOptions(query))) };
    case 'create': {
      const options = writeOptions(query, agent, 'CreateOptions');
      return { code: 201, body: (await requestPath.create(scope, await bodyValue(exchange, scope), options)).object };
    }
    case 'update': {
      const options = writeOptions(query, agent, 'UpdateOptions');
      const { object, created } = await requestPath.update(scope, await bodyValue(exchange, scope), options);
      return { code: created ? 201 : 200, body: object };
    }
    case 'patch': {
      const type = patchType(header(request, 'content-type'), scope.kind);
      const { force, ...options } = writeOptions(query, agent, 'PatchOptions', type === 'apply');
      const bytes = bodyBytes(request);
      const { object, created } = await requestPath.patch(
        scope,
        type === 'apply'
          ? { type, body: await parseYaml(bytes, scope.kind.kind), force }
          : { type, body: parseJson(bytes, scope.kind.kind) },
        options,
      );
      return { code: created ? 201 : 200, body: object };
    }
    case 'delete': {
      const { body, accepted } = await requestPath.delete(scope, deleteOptions(query, await deleteBody(exchange)));
      return { code: accepted ? 202 : 200, body };
    }
    case 'deletecollection': {
      const { sendInitialEvents: _, ...selection } = listOptions(query);
      const options = deleteOptions(query, await deleteBody(exchange));
      return { code: 200, body: listBody(scope, await requestPath.deleteCollection(scope, selection, options)) };
    }
    default:
      throw failures.methodNotAllowed(scope.kind, verb);
  }
}

function listBody({ kind }: RequestScope, { items, metadata }: ObjectList): object {
  return { kind: kind.listKind, apiVersion: kind.apiVersion, metadata, items };
}

function bodyValue({ request, requestPath: { kinds } }: Exchange, { kind, subresource }: RequestScope) {
  const expected = kind.subresources[subresource]?.kind ?? kind.kind;
  return decodeBody(bodyBytes(request), { contentType: header(request, 'content-type'), kinds, kind: expected });
}

async function deleteBody({ request, requestPath: { kinds } }: Exchange): Promise<unknown> {
  if (request.body.length === 0) return undefined;
  const contentType = header(request, 'content-type');
  return decodeBody(bodyBytes(request), { contentType, kinds, kind: 'DeleteOptions' });
}

/** @throws StatusError RequestEntityTooLarge */
function bodyBytes({ body }: PlainRequest): Uint8Array {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  if (bytes.length > maxBodyBytes) throw failures.entityTooLarge(`limit is ${maxBodyBytes}`);
  return bytes;
}

function header({ headers }: PlainRequest, name: string): string | undefined {
  return headers.find((candidate) => candidate.name.toLowerCase() === name)?.value;
}

/** The Status that an error is answered with. */
function statusOf(error: unknown): Status {
  return error instanceof StatusError ? error.status : failures.internal(String(error)).status;
}

function json(status: number, body: object, warnings: readonly string[]): PlainResponse {
  const warning = warnings.map((text) => `299 - ${JSON.stringify(text)}`).join(', ');
  return {
    status,
    headers: { 'content-type': 'application/json', ...(warning === '' ? {} : { warning }) },
    // Whoever looks from a container looks with curl: indented, as Kubernetes answers it.
    body: `${JSON.stringify(body, null, 2)}\n`,
  };
}
