import { failures, type Kind } from '@orrery/api';
import type { UserInfo } from '@orrery/core';
import { authorizedNamespace } from '../authorizer.ts';
import type { AccessAttributes, EnteringRequest, PatchBody, RequestPath, RequestScope } from '../request-path.ts';
import { parseMediaTypes } from './media-type.ts';
import { boolean } from './query.ts';
import { type RequestTarget, type ResourceVerb, resourceVerb, serves } from './request-target.ts';

/** A URL that names a resource. */
export type ResourceTarget = Extract<RequestTarget, { readonly type: 'resource' }>;

/** A request for a resource that exists, with the verb that it asks for. */
export interface ResourceRequest {
  readonly scope: RequestScope;
  readonly verb: ResourceVerb;
  readonly target: ResourceTarget;
}

/** The parts of a request that determine its resource and verb. */
export interface RequestLine {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly user: UserInfo;
  /** Adds a `Warning` header. */
  warn(text: string): void;
  /** Waits until the server has room for the request. @throws Overloaded */
  enter(request: Omit<EnteringRequest, 'user'>): Promise<void> | undefined;
}

/**
 * Resolves the resource that a URL names. The user is authorized first, by method and URL alone, as in Kubernetes' handler
 * chain: only those who may do it learn that a resource does not exist or does not serve a method.
 * @throws StatusError Forbidden; NotFound for an unknown resource, MethodNotAllowed
 */
export async function resourceRequest(
  requestPath: RequestPath,
  { method, query, user, warn, enter }: RequestLine,
  target: ResourceTarget,
): Promise<ResourceRequest> {
  const { group, version, resource, subresource, namespace } = target;
  const watch = target.watch || (target.name === '' && (boolean(query, 'watch') ?? false));
  const verb = resourceVerb(method, { name: target.name, watch });
  const kind = requestPath.kinds.byResource(group, version, resource);
  const served = kind === undefined ? undefined : verbsServed(kind, target);
  const connects = served?.includes('connect') ?? false;
  const name = target.name === '' ? selectedName(query.get('fieldSelector')) : target.name;
  const fieldSelector = verb === 'list' || verb === 'watch' ? (query.get('fieldSelector') ?? '') : '';
  const what = {
    verb: (connects ? connectVerb(method, subresource) : verb) ?? method.toLowerCase(),
    group,
    version,
    resource,
    subresource,
    namespace,
    // The client chooses the name of a new object, so no rule can match by it.
    name: verb === 'create' && subresource === '' ? '' : name,
  };
  const attributes: AccessAttributes = {
    ...what,
    namespace: authorizedNamespace(what),
    ...(fieldSelector === '' ? {} : { fieldSelector }),
  };
  // Streams, logs and proxied requests last as long as their clients like, and count as no work.
  if (!connects && subresource !== 'log') {
    const collection = kind !== undefined && target.name === '' && (verb === 'list' || listsFirst(verb, query));
    const lists = collection && name === '' ? { lists: kind, limit: Number(query.get('limit') ?? 0) || 0 } : {};
    const wait = enter({ attributes, ...lists });
    if (wait !== undefined) await wait;
  }
  await requestPath.authorize(user, attributes);
  if (kind === undefined || served === undefined) throw failures.noSuchPath();
  const scope = { user, kind, namespace, name, subresource, warn };
  // A proxy forwards every method.
  if (connects && subresource === 'proxy') return { scope, verb: 'connect', target };
  if (verb === undefined || !(connects || fits(verb, target, kind)) || !(connects || serves(served, verb))) {
    throw failures.methodNotAllowed(kind, verb ?? method);
  }
  return { scope, verb: connects ? 'connect' : verb, target };
}

/** Whether a watch begins with all that is there. */
function listsFirst(verb: ResourceVerb | undefined, query: URLSearchParams): boolean {
  if (verb !== 'watch') return false;
  return (boolean(query, 'sendInitialEvents') ?? false) || ['', '0'].includes(query.get('resourceVersion') ?? '');
}

/**
 * The verb that a request to connect is authorized as. Streams are opened by POST or, over WebSockets, by GET: both are
 * creations. A proxy's verb is that of the method.
 */
function connectVerb(method: string, subresource: string): ResourceVerb | undefined {
  return subresource === 'proxy' ? resourceVerb(method, { name: 'any', watch: false }) : 'create';
}

/**
 * The name that a field selector restricts a collection to, else `''`. A user who may read an object by name may also list and
 * watch it by name.
 */
export function selectedName(fieldSelector: string | null): string {
  if (fieldSelector === null) return '';
  for (const requirement of fieldSelector.split(',')) {
    const match = /^\s*metadata\.name\s*==?\s*([^=!\\\s]+)\s*$/.exec(requirement);
    if (match?.[1] !== undefined) return match[1];
  }
  return '';
}

/** Verbs of the resource or subresource that the URL names; undefined if it does not exist. */
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

/** Whether a verb applies to the target: an object, a collection, or a collection across all namespaces. */
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

const patchTypes: { readonly [type: string]: PatchBody['type'] } = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

/** The patch type of a content type. Custom kinds have no strategic merge: their lists have no merge keys. @throws StatusError UnsupportedMediaType */
export function patchType(contentType: string | undefined, kind: Kind): PatchBody['type'] {
  const given = parseMediaTypes(contentType ?? '')[0]?.type ?? '';
  const type = Object.hasOwn(patchTypes, given) ? patchTypes[given] : undefined;
  if (type === undefined || (type === 'strategic' && kind.custom)) {
    throw failures.unsupportedMediaType(
      Object.keys(patchTypes).filter((name) => !(kind.custom && patchTypes[name] === 'strategic')),
    );
  }
  return type;
}
