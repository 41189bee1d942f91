import { failures } from '@orrery/api';

/** The target of a URL, before checking that it exists (Kubernetes' RequestInfo). */
export type RequestTarget =
  | { readonly type: 'path'; readonly path: string }
  | {
      readonly type: 'resource';
      readonly group: string;
      readonly version: string;
      /** `''` for cluster-scoped resources and for all namespaces. */
      readonly namespace: string;
      readonly resource: string;
      /** `''` for a collection. */
      readonly name: string;
      /** `''` for the object itself. */
      readonly subresource: string;
      /** The path after the subresource: after `…/proxy/`. */
      readonly rest: string;
      /** Requested through the deprecated `/watch/` prefix. */
      readonly watch: boolean;
    };

/**
 * Parses the path of a URL: `/api/v1/namespaces/a/pods/b/log`, `/apis/apps/v1/watch/deployments`, or anything else.
 * @throws StatusError BadRequest for a path with invalid percent-encoding
 */
export function parseTarget(path: string): RequestTarget {
  const parts = path.split('/').filter((part) => part !== '');
  const core = parts[0] === 'api' && parts.length >= 3;
  const grouped = parts[0] === 'apis' && parts.length >= 4;
  if (!core && !grouped)
    return { type: 'path', path: path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path };
  const decoded = parts.map(decode);
  const group = core ? '' : (decoded[1] ?? '');
  const version = (core ? decoded[1] : decoded[2]) ?? '';
  let rest = decoded.slice(core ? 2 : 3);
  const watch = rest[0] === 'watch' && rest.length > 1;
  if (watch) rest = rest.slice(1);
  let namespace = '';
  if (rest[0] === 'namespaces' && rest.length >= 3 && !namespaceSubresources.has(rest[2] ?? '')) {
    namespace = rest[1] ?? '';
    rest = rest.slice(2);
  }
  const [resource = '', name = '', subresource = '', ...more] = rest;
  return { type: 'resource', group, version, namespace, resource, name, subresource, rest: more.join('/'), watch };
}

/** Path segments after a namespace's name that are subresources of the Namespace rather than resources in it. */
const namespaceSubresources = new Set(['status', 'finalize']);

function decode(part: string): string {
  if (!part.includes('%')) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    throw failures.badRequest(`invalid percent-encoding in the URL: ${part}`);
  }
}

/** Verbs of resource requests, as authorization names them. */
export type ResourceVerb =
  | 'get'
  | 'list'
  | 'watch'
  | 'create'
  | 'update'
  | 'patch'
  | 'delete'
  | 'deletecollection'
  | 'connect';

/** The verb of an HTTP method; undefined for unsupported methods. */
export function resourceVerb(
  method: string,
  request: { readonly name: string; readonly watch: boolean },
): ResourceVerb | undefined {
  switch (method) {
    case 'GET':
    case 'HEAD':
      return request.watch ? 'watch' : request.name === '' ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return request.name === '' ? 'deletecollection' : 'delete';
    default:
      return undefined;
  }
}

/** Whether a kind or subresource that lists these verbs (Kubernetes' or HTTP's names) serves that one. */
export function serves(verbs: readonly string[], verb: ResourceVerb): boolean {
  if (verbs.includes(verb)) return true;
  if (verb === 'create') return verbs.includes('post');
  if (verb === 'update') return verbs.includes('put');
  return verb === 'watch' && verbs.includes('list');
}
