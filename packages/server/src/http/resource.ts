import { failures, type Kind } from '@orrery/api';
import type { PatchBody, RequestScope } from '../request-path.ts';
import { bodyOf, decodeBody, parseJson, parseYaml } from './body.ts';
import type { Exchange, Server } from './exchange.ts';
import { sendLogs } from './logs.ts';
import { negotiate, parseMediaTypes } from './media-type.ts';
import { collectionBytes, includeObject, objectBytes, type Presentation } from './present.ts';
import { boolean, deleteOptions, listOptions, writeOptions } from './query.ts';
import { replyJson } from './reply.ts';
import { type RequestTarget, type ResourceVerb, resourceVerb, serves } from './request-target.ts';
import { sendWatch } from './watch.ts';

type ResourceTarget = Extract<RequestTarget, { readonly type: 'resource' }>;

/** A request for a resource that exists, with the verb that it asks for. */
export interface ResourceRequest {
  readonly scope: RequestScope;
  readonly verb: ResourceVerb;
  readonly target: ResourceTarget;
}

/**
 * Looks up what a URL names.
 * @throws StatusError NotFound for a resource that there is not, MethodNotAllowed; Forbidden before either
 */
export async function resourceRequest(
  { requestPath }: Server,
  exchange: Exchange,
  target: ResourceTarget,
): Promise<ResourceRequest> {
  const { group, version, resource, subresource, namespace, name } = target;
  const method = exchange.request.method ?? 'GET';
  const watch = target.watch || (name === '' && (boolean(exchange.query, 'watch') ?? false));
  const verb = resourceVerb(method, { name, watch });
  const kind = requestPath.kinds.byResource(group, version, resource);
  const served = kind === undefined ? undefined : verbsServed(kind, target);
  if (kind === undefined || served === undefined) {
    // Whether something exists is told only to those who may know.
    const attributes = { group, version, resource, subresource, namespace, name };
    await requestPath.authorize(exchange.user, { verb: verb ?? method.toLowerCase(), ...attributes });
    throw failures.noSuchPath();
  }
  const connects = served.includes('connect');
  if (verb === undefined || !(connects || fits(verb, target, kind)) || !(connects || serves(served, verb))) {
    throw failures.methodNotAllowed(kind, verb ?? method);
  }
  const scope = {
    user: exchange.user,
    kind,
    namespace,
    name: name === '' ? selectedName(exchange.query.get('fieldSelector')) : name,
    subresource,
    warn: exchange.warn,
  };
  return { scope, verb: connects ? 'connect' : verb, target };
}

/**
 * The one name that a field selector leaves of a collection, else `''`. Whoever may read an object by its name may list and
 * watch it by its name as well.
 */
export function selectedName(fieldSelector: string | null): string {
  for (const requirement of (fieldSelector ?? '').split(',')) {
    const match = /^\s*metadata\.name\s*==?\s*([^=!\\\s]+)\s*$/.exec(requirement);
    if (match?.[1] !== undefined) return match[1];
  }
  return '';
}

/** Verbs of what the URL names; undefined if there is no such thing. */
function verbsServed(
  kind: Kind,
  { namespace, name, subresource, rest }: ResourceTarget,
): readonly string[] | undefined {
  if (kind.namespaced && name !== '' && namespace === '') return undefined;
  if (!kind.namespaced && namespace !== '') return undefined;
  if (subresource === '') return kind.verbs;
  const verbs = kind.subresources[subresource]?.verbs;
  return rest === '' || subresource === 'proxy' ? verbs : undefined;
}

/** Whether a verb goes with an object or with a collection, and with all namespaces at once. */
function fits(verb: ResourceVerb, { name, namespace, subresource }: ResourceTarget, kind: Kind): boolean {
  switch (verb) {
    case 'create':
      return subresource === '' ? name === '' && (!kind.namespaced || namespace !== '') : name !== '';
    case 'update':
    case 'patch':
    case 'delete':
      return name !== '';
    case 'deletecollection':
      return !kind.namespaced || namespace !== '';
    default:
      return true;
  }
}

/** Answers a request for a resource. @throws StatusError */
export async function handleResource(server: Server, exchange: Exchange, target: ResourceTarget): Promise<void> {
  const request = await resourceRequest(server, exchange, target);
  const { scope, verb } = request;
  if (verb === 'connect') {
    if (scope.subresource === 'proxy') throw failures.noSuchPath();
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

const patchTypes: { readonly [type: string]: PatchBody['type'] } = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

/** Custom kinds have no strategic merge: their lists have no merge keys. @throws StatusError UnsupportedMediaType */
function patchType(contentType: string | undefined, kind: Kind): PatchBody['type'] {
  const given = parseMediaTypes(contentType ?? '')[0]?.type ?? '';
  const type = Object.hasOwn(patchTypes, given) ? patchTypes[given] : undefined;
  if (type === undefined || (type === 'strategic' && kind.custom)) {
    throw failures.unsupportedMediaType(
      Object.keys(patchTypes).filter((name) => !(kind.custom && patchTypes[name] === 'strategic')),
    );
  }
  return type;
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
