import { failures, type Kind } from '@orrery/api';
import type { PatchBody, RequestScope } from '../request-path.ts';
import { decodeBody, parseJson, parseYaml } from '../rest/body-value.ts';
import { negotiate } from '../rest/media-type.ts';
import { boolean, deleteOptions, listOptions, writeOptions } from '../rest/query.ts';
import {
  patchType,
  type RequestLine,
  type ResourceRequest,
  type ResourceTarget,
  resourceRequest,
} from '../rest/resource-request.ts';
import { bodyOf } from './body.ts';
import type { Exchange, Server } from './exchange.ts';
import { sendLogs } from './logs.ts';
import { collectionBytes, includeObject, objectBytes, type Presentation } from './present.ts';
import { sendProxied } from './proxy/proxy.ts';
import { replyJson } from './reply.ts';
import { sendWatch } from './watch.ts';

/** What of an exchange decides which resource it is about. */
export function lineOf({ request, query, user, warn }: Exchange): RequestLine {
  return { method: request.method ?? 'GET', query, user, warn };
}

/** Answers a request for a resource. @throws StatusError */
export async function handleResource(server: Server, exchange: Exchange, target: ResourceTarget): Promise<void> {
  const request = await resourceRequest(server.requestPath, lineOf(exchange), target);
  const { scope, verb } = request;
  if (verb === 'connect') {
    if (scope.subresource === 'proxy') return sendProxied(server, exchange, scope);
    throw failures.badRequest('Upgrade request required');
  }
  if (scope.kind.kind === 'Pod' && scope.subresource === 'log') return sendLogs(server, exchange, scope);
  const presentation: Presentation = {
    ...negotiate(exchange.request.headers.accept),
    includeObject: includeObject(exchange.query),
    now: server.environment.clock.now(),
  };
  if (verb === 'watch') return sendWatch(server, exchange, scope, presentation);
  const { code, body } = await answer(server, exchange, request, presentation);
  await replyJson(exchange.request, exchange.response, body, {
    encoding: presentation.encoding,
    pretty: wantsPretty(exchange),
    code,
  });
}

interface Answer {
  readonly code: number;
  readonly body: Buffer;
}

async function answer(
  { requestPath }: Server,
  exchange: Exchange,
  { scope, verb }: ResourceRequest,
  presentation: Presentation,
): Promise<Answer> {
  const { request, query } = exchange;
  const userAgent = request.headers['user-agent'];
  const { kind } = scope;
  const one = (code: number, object: Parameters<typeof objectBytes>[1]): Answer => ({
    code,
    body: objectBytes(kind, object, presentation),
  });
  switch (verb) {
    case 'get': {
      const resourceVersion = query.get('resourceVersion') ?? '';
      return one(200, await requestPath.get(scope, resourceVersion === '' ? {} : { resourceVersion }));
    }
    case 'list': {
      const list = await requestPath.list(scope, listOptions(query));
      return { code: 200, body: collectionBytes(kind, list, presentation) };
    }
    case 'create': {
      const options = writeOptions(query, userAgent, 'CreateOptions');
      const { object } = await requestPath.create(
        scope,
        await decodedBody(exchange, requestPath.kinds, scope),
        options,
      );
      return one(201, object);
    }
    case 'update': {
      const options = writeOptions(query, userAgent, 'UpdateOptions');
      const body = await decodedBody(exchange, requestPath.kinds, scope);
      const { object, created } = await requestPath.update(scope, body, options);
      return one(created ? 201 : 200, object);
    }
    case 'patch': {
      const type = patchType(request.headers['content-type'], kind);
      const { force, ...options } = writeOptions(query, userAgent, 'PatchOptions', type === 'apply');
      const body = await patchBody(exchange, type, force, kind);
      const { object, created } = await requestPath.patch(scope, body, options);
      return one(created ? 201 : 200, object);
    }
    case 'delete': {
      const options = deleteOptions(query, await deleteBody(exchange, requestPath.kinds));
      const { body, accepted } = await requestPath.delete(scope, options);
      return one(accepted ? 202 : 200, body);
    }
    case 'deletecollection': {
      const options = deleteOptions(query, await deleteBody(exchange, requestPath.kinds));
      const { sendInitialEvents: _, ...selection } = listOptions(query);
      const list = await requestPath.deleteCollection(scope, selection, options);
      return { code: 200, body: collectionBytes(kind, list, presentation) };
    }
    default:
      throw failures.methodNotAllowed(kind, verb);
  }
}

async function decodedBody(
  { request }: Exchange,
  kinds: Server['requestPath']['kinds'],
  { kind, subresource }: RequestScope,
): Promise<unknown> {
  const expected = kind.subresources[subresource]?.kind ?? kind.kind;
  const contentType = request.headers['content-type'];
  return decodeBody(await bodyOf(request), { contentType, kinds, kind: expected });
}

async function deleteBody({ request }: Exchange, kinds: Server['requestPath']['kinds']): Promise<unknown> {
  const bytes = await bodyOf(request);
  if (bytes.length === 0) return undefined;
  return decodeBody(bytes, { contentType: request.headers['content-type'], kinds, kind: 'DeleteOptions' });
}

async function patchBody(
  { request }: Exchange,
  type: PatchBody['type'],
  force: boolean,
  kind: Kind,
): Promise<PatchBody> {
  const bytes = await bodyOf(request);
  if (type === 'apply') return { type, body: await parseYaml(bytes, kind.kind), force };
  return { type, body: parseJson(bytes, kind.kind) };
}

/** People who look with curl or a browser get indented JSON, as from Kubernetes. */
function wantsPretty({ query, request }: Exchange): boolean {
  const asked = boolean(query, 'pretty');
  return asked ?? /^(curl|Wget|Mozilla)\//i.test(request.headers['user-agent'] ?? '');
}
