import { failures, type Kind } from '@orrery/api';
import type { UserInfo } from '@orrery/core';
import type { PatchBody, RequestPath, RequestScope } from '../request-path.ts';
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

/** What of a request decides which resource it is about, and what is to be done with it. */
export interface RequestLine {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly user: UserInfo;
  /** Takes the text of a `Warning` header. */
  warn(text: string): void;
}

/**
 * Looks up what a URL names.
 * @throws StatusError NotFound for a resource that there is not, MethodNotAllowed; Forbidden before either
 */
export async function resourceRequest(
  requestPath: RequestPath,
  { method, query, user, warn }: RequestLine,
  target: ResourceTarget,
): Promise<ResourceRequest> {
  const { group, version, resource, subresource, namespace, name } = target;
  const watch = target.watch || (name === '' && (boolean(query, 'watch') ?? false));
  const verb = resourceVerb(method, { name, watch });
  const kind = requestPath.kinds.byResource(group, version, resource);
  const served = kind === undefined ? undefined : verbsServed(kind, target);
  if (kind === undefined || served === undefined) {
    // Whether an object exists is only revealed to those who may read it.
    const attributes = { group, version, resource, subresource, namespace, name };
    await requestPath.authorize(user, { verb: verb ?? method.toLowerCase(), ...attributes });
    throw failures.noSuchPath();
  }
  const connects = served.includes('connect');
  const scope = {
    user,
    kind,
    namespace,
    name: name === '' ? selectedName(query.get('fieldSelector')) : name,
    subresource,
    warn,
  };
  // A proxy passes every method on.
  if (connects && subresource === 'proxy') return { scope, verb: 'connect', target };
  if (verb === undefined || !(connects || fits(verb, target, kind)) || !(connects || serves(served, verb))) {
    throw failures.methodNotAllowed(kind, verb ?? method);
  }
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

const patchTypes: { readonly [type: string]: PatchBody['type'] } = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

/** The patch that a content type means. Custom kinds have no strategic merge: their lists have no merge keys. @throws StatusError UnsupportedMediaType */
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
