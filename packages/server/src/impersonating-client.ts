import type { Client, UserInfo } from '@orrery/core';
import { defer, switchMap } from 'rxjs';

/**
 * A client that impersonates another user. The permission is checked on each call, as on each request over HTTPS: `identify`
 * returns the client of the impersonated user, or throws. `as` replaces that user.
 */
export function impersonatingClient(identify: () => Promise<Client>, as: (user: UserInfo) => Client): Client {
  return {
    get: async (...call) => (await identify()).get(...call),
    list: async (...call) => (await identify()).list(...call),
    watch: (...call) => defer(identify).pipe(switchMap((client) => client.watch(...call))),
    create: async (...call) => (await identify()).create(...call),
    update: async (...call) => (await identify()).update(...call),
    updateStatus: async (...call) => (await identify()).updateStatus(...call),
    patch: async (...call) => (await identify()).patch(...call),
    apply: async (...call) => (await identify()).apply(...call),
    delete: async (...call) => (await identify()).delete(...call),
    deleteCollection: async (...call) => (await identify()).deleteCollection(...call),
    getSubresource: async (...call) => (await identify()).getSubresource(...call),
    createSubresource: async (...call) => (await identify()).createSubresource(...call),
    updateSubresource: async (...call) => (await identify()).updateSubresource(...call),
    as,
  };
}
