import type { RequestPath } from './request-path.ts';

/** Wraps a request path: overrides some calls and delegates the others. */
export function delegatingRequestPath(path: RequestPath, own: Partial<RequestPath>): RequestPath {
  return {
    kinds: path.kinds,
    authenticate: (...call) => path.authenticate(...call),
    impersonate: (...call) => path.impersonate(...call),
    authorize: (...call) => path.authorize(...call),
    enter: (...call) => path.enter(...call),
    get: (...call) => path.get(...call),
    list: (...call) => path.list(...call),
    watch: (...call) => path.watch(...call),
    create: (...call) => path.create(...call),
    update: (...call) => path.update(...call),
    patch: (...call) => path.patch(...call),
    delete: (...call) => path.delete(...call),
    deleteCollection: (...call) => path.deleteCollection(...call),
    node: (...call) => path.node(...call),
    proxied: (...call) => path.proxied(...call),
    ...own,
  };
}
