import { failures, type Kind } from '@orrery/api';
import type { PatchBody, RequestScope } from '../request-path.ts';
import { decodeBody, parseJson, parseYaml, type YamlOptions } from '../rest/body-value.ts';
import { negotiate } from '../rest/media-type.ts';
import { deleteOptions, listOptions, writeOptions } from '../rest/query.ts';
import { patchType, type ResourceRequest, type ResourceTarget, resourceRequest } from '../rest/resource-request.ts';
import type { ApiResponse } from './api-response.ts';
import { bodyOf } from './body.ts';
import type { Exchange } from './exchange.ts';
import { ListJson } from './list-json.ts';
import { replyLog } from './log-body.ts';
import { includeObject, listJson, objectBytes, type Presentation } from './present.ts';
import { replyProxied } from './proxy/proxy.ts';
import { replyJson, replyList } from './reply.ts';
import { replyWatch } from './watch-body.ts';

/** Resolves the resource and the verb of an exchange. @throws StatusError */
export function requested(exchange: Exchange, target: ResourceTarget): Promise<ResourceRequest> {
  const { context, request, query, user, warn, enter } = exchange;
  return resourceRequest(context.requestPath, { method: request.method, query, user, warn, enter }, target);
}

/** Answers a request for a resource. @throws StatusError */
export async function handleResource(exchange: Exchange, target: ResourceTarget): Promise<ApiResponse> {
  const found = await requested(exchange, target);
  const { scope, verb } = found;
  const { context, request, query } = exchange;
  if (verb === 'connect') {
    if (scope.subresource === 'proxy') return replyProxied(exchange, scope);
    // A missing or forbidden Pod is reported before the missing upgrade.
    await context.requestPath.node(scope);
    throw failures.badRequest('Upgrade request required');
  }
  if (scope.subresource === 'log') return replyLog(exchange, scope);
  const presentation: Presentation = {
    ...negotiate(request.headers.get('accept') ?? ''),
    includeObject: includeObject(query),
    now: context.environment.clock.now(),
  };
  if (verb === 'watch') return replyWatch(exchange, scope, presentation);
  const { code, body } = await carryOut(exchange, found, presentation);
  return body instanceof ListJson
    ? replyList(exchange, body, presentation.encoding)
    : replyJson(exchange, body, presentation.encoding, { status: code });
}

interface Result {
  readonly code: number;
  readonly body: Uint8Array | ListJson;
}
async function carryOut(
  exchange: Exchange,
  { scope, verb }: ResourceRequest,
  presentation: Presentation,
): Promise<Result> {
  const { context, request, query } = exchange;
  const { requestPath } = context;
  const userAgent = request.headers.get('user-agent') ?? undefined;
  const { kind } = scope;
  const one = (code: number, object: Parameters<typeof objectBytes>[1]): Result => ({
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
      return { code: 200, body: listJson(kind, list, presentation) };
    }
    case 'create': {
      const options = writeOptions(query, userAgent, 'CreateOptions');
      const { object } = await requestPath.create(scope, await decodedBody(exchange, scope), options);
      return one(201, object);
    }
    case 'update': {
      const options = writeOptions(query, userAgent, 'UpdateOptions');
      const body = await decodedBody(exchange, scope);
      const { object, created } = await requestPath.update(scope, body, options);
      return one(created ? 201 : 200, object);
    }
    case 'patch': {
      const type = patchType(contentTypeOf(exchange), kind);
      const { force, ...options } = writeOptions(query, userAgent, 'PatchOptions', type === 'apply');
      const body = await patchBody(exchange, type, force, kind);
      const { object, created } = await requestPath.patch(scope, body, options);
      return one(created ? 201 : 200, object);
    }
    case 'delete': {
      const options = deleteOptions(query, await deleteBody(exchange));
      const { body, accepted } = await requestPath.delete(scope, options);
      return one(accepted ? 202 : 200, body);
    }
    case 'deletecollection': {
      const options = deleteOptions(query, await deleteBody(exchange));
      const { sendInitialEvents: _, ...selection } = listOptions(query);
      const list = await requestPath.deleteCollection(scope, selection, options);
      return { code: 200, body: listJson(kind, list, presentation) };
    }
    default:
      throw failures.methodNotAllowed(kind, verb);
  }
}

/** A key that stands twice is an error, a warning or nothing, as the client asks for (`?fieldValidation=`). */
function yamlOptions(exchange: Exchange, { version }: Kind, kind: string): YamlOptions {
  const { context, query, warn } = exchange;
  const duplicate = (fault: string) => {
    const validation = query.get('fieldValidation') ?? '';
    if (validation === 'Strict')
      throw failures.badRequest(
        `${kind} in version "${version}" cannot be handled as a ${kind}: strict decoding error: ${fault}`,
      );
    if (validation !== 'Ignore') warn(fault.replaceAll(/\s*\n\s*/g, ' '));
  };
  return { kind, readYaml: context.readYaml, duplicate };
}

async function decodedBody(exchange: Exchange, { kind, subresource }: RequestScope): Promise<unknown> {
  const { kinds } = exchange.context.requestPath;
  const expected = kind.subresources[subresource]?.kind ?? kind.kind;
  const contentType = contentTypeOf(exchange);
  return decodeBody(await bodyOf(exchange), { contentType, kinds, ...yamlOptions(exchange, kind, expected) });
}

async function deleteBody(exchange: Exchange): Promise<unknown> {
  const { kinds } = exchange.context.requestPath;
  const bytes = await bodyOf(exchange);
  if (bytes.length === 0) return undefined;
  const { readYaml } = exchange.context;
  return decodeBody(bytes, { contentType: contentTypeOf(exchange), kinds, kind: 'DeleteOptions', readYaml });
}

async function patchBody(exchange: Exchange, type: PatchBody['type'], force: boolean, kind: Kind): Promise<PatchBody> {
  const bytes = await bodyOf(exchange);
  if (type === 'apply') return { type, body: await parseYaml(bytes, yamlOptions(exchange, kind, kind.kind)), force };
  return { type, body: parseJson(bytes, kind.kind) };
}

function contentTypeOf({ request }: Exchange): string | undefined {
  return request.headers.get('content-type') ?? undefined;
}
