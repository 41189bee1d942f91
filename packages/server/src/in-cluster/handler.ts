import {
  discoveryDocuments,
  failures,
  type KubernetesObject,
  type Status,
  StatusError,
  type Stored,
} from '@orrery/api';
import type { ObjectList, WatchEvent } from '@orrery/core';
import { Observable } from 'rxjs';
import type { RequestPath, RequestScope } from '../request-path.ts';
import { deleteOptions, listOptions, watchQuery, writeOptions } from '../rest/query.ts';
import { parseTarget } from '../rest/request-target.ts';
import { patchType, type RequestLine, type ResourceRequest, resourceRequest } from '../rest/resource-request.ts';

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

/** Bytes of a request's body: 3 MiB, as over HTTPS. */
const maxBodyBytes = 3 * 1024 * 1024;

/**
 * Serves the API to containers of a simulated cluster, who reach it as `https://kubernetes.default.svc` with nothing but the
 * files that are projected into them: JSON over values instead of sockets, on the same request path.
 */
export function createInClusterHandler(requestPath: RequestPath): (request: PlainRequest) => Promise<PlainResponse> {
  return async (request) => {
    const warnings: string[] = [];
    try {
      return await answer(requestPath, request, warnings);
    } catch (error) {
      const status = error instanceof StatusError ? error.status : failures.internal(String(error)).status;
      return json(status.code ?? 500, status, warnings);
    }
  };
}

async function answer(requestPath: RequestPath, request: PlainRequest, warnings: string[]): Promise<PlainResponse> {
  const bearer = /^bearer +(\S+) *$/i.exec(header(request, 'authorization') ?? '')?.[1];
  const user = await requestPath.authenticate(bearer === undefined ? {} : { bearerToken: bearer });
  const url = new URL(request.path, 'https://kubernetes.default.svc');
  const target = parseTarget(url.pathname);
  if (target.type === 'path') {
    await requestPath.authorize(user, { verb: request.method.toLowerCase(), path: target.path });
    const document = documentAt(requestPath, target.path);
    if (document === undefined) throw failures.noSuchPath();
    return json(200, document, warnings);
  }
  const line: RequestLine = {
    method: request.method,
    query: url.searchParams,
    user,
    warn: (text) => warnings.push(text),
  };
  const found = await resourceRequest(requestPath, line, target);
  if (found.verb === 'watch') return watching(requestPath, found.scope, url.searchParams);
  const { code, body } = await carryOut(requestPath, found, request, url.searchParams);
  return json(code, body, warnings);
}

function documentAt(requestPath: RequestPath, path: string): object | undefined {
  if (path === '/version') return { major: '1', minor: '35', gitVersion: 'v1.35.0+orrery' };
  return discoveryDocuments(requestPath.kinds).path(path);
}

async function carryOut(
  requestPath: RequestPath,
  { scope, verb }: ResourceRequest,
  request: PlainRequest,
  query: URLSearchParams,
): Promise<{ readonly code: number; readonly body: object }> {
  const agent = header(request, 'user-agent');
  switch (verb) {
    case 'get': {
      const resourceVersion = query.get('resourceVersion') ?? '';
      return { code: 200, body: await requestPath.get(scope, resourceVersion === '' ? {} : { resourceVersion }) };
    }
    case 'list':
      return { code: 200, body: listBody(scope, await requestPath.list(scope, listOptions(query))) };
    case 'create':
      return {
        code: 201,
        body: (await requestPath.create(scope, parsed(request), writeOptions(query, agent, 'CreateOptions'))).object,
      };
    case 'update': {
      const { object, created } = await requestPath.update(
        scope,
        parsed(request),
        writeOptions(query, agent, 'UpdateOptions'),
      );
      return { code: created ? 201 : 200, body: object };
    }
    case 'patch': {
      const type = patchType(header(request, 'content-type'), scope.kind);
      const { force, ...options } = writeOptions(query, agent, 'PatchOptions', type === 'apply');
      const body = parsed(request);
      const { object, created } = await requestPath.patch(
        scope,
        type === 'apply' ? { type, body, force } : { type, body },
        options,
      );
      return { code: created ? 201 : 200, body: object };
    }
    case 'delete': {
      const { body, accepted } = await requestPath.delete(scope, deleteOptions(query, optional(request)));
      return { code: accepted ? 202 : 200, body };
    }
    case 'deletecollection': {
      const { sendInitialEvents: _, ...selection } = listOptions(query);
      return {
        code: 200,
        body: listBody(
          scope,
          await requestPath.deleteCollection(scope, selection, deleteOptions(query, optional(request))),
        ),
      };
    }
    default:
      throw failures.methodNotAllowed(scope.kind, verb);
  }
}

function listBody({ kind }: RequestScope, { items, metadata }: ObjectList): object {
  return { kind: kind.listKind, apiVersion: kind.apiVersion, metadata, items };
}

/** A watch: a line of JSON for each event, for as long as somebody listens. */
async function watching(requestPath: RequestPath, scope: RequestScope, query: URLSearchParams): Promise<PlainResponse> {
  const { options } = watchQuery(query);
  const events = await requestPath.watch(scope, options);
  const encoder = new TextEncoder();
  const stream = new Observable<Uint8Array>((subscriber) => {
    const line = (type: string, object: KubernetesObject | Status) =>
      subscriber.next(encoder.encode(`${JSON.stringify({ type, object })}\n`));
    return events.subscribe({
      next: (event: WatchEvent<Stored>) => {
        if (event.type !== 'BOOKMARK') line(event.type, event.object);
        else line('BOOKMARK', bookmark(scope, event));
      },
      error: (error: unknown) => {
        line('ERROR', error instanceof StatusError ? error.status : failures.internal(String(error)).status);
        subscriber.complete();
      },
      complete: () => subscriber.complete(),
    });
  });
  return { status: 200, headers: { 'content-type': 'application/json' }, body: '', stream };
}

function bookmark({ kind }: RequestScope, event: Extract<WatchEvent, { readonly type: 'BOOKMARK' }>): KubernetesObject {
  return {
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    metadata: {
      resourceVersion: event.resourceVersion,
      ...(event.initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    },
  };
}

function header({ headers }: PlainRequest, name: string): string | undefined {
  return headers.find((candidate) => candidate.name.toLowerCase() === name)?.value;
}

function optional(request: PlainRequest): unknown {
  return request.body.length === 0 ? undefined : parsed(request);
}

/** @throws StatusError BadRequest for a body that is not JSON, RequestEntityTooLarge for one that is too long */
function parsed({ body }: PlainRequest): unknown {
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
  if (text.length > maxBodyBytes) throw failures.entityTooLarge(`limit is ${maxBodyBytes}`);
  try {
    return JSON.parse(text);
  } catch {
    throw failures.badRequest('the body of the request is not JSON');
  }
}

function json(status: number, body: object, warnings: readonly string[]): PlainResponse {
  const warning = warnings.map((text) => `299 - ${JSON.stringify(text)}`).join(', ');
  return {
    status,
    headers: { 'content-type': 'application/json', ...(warning === '' ? {} : { warning }) },
    body: `${JSON.stringify(body, null, 2)}\n`,
  };
}
