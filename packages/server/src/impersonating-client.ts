import type { Client, UserInfo } from '@orrery/core';
import { defer, switchMap } from 'rxjs';

/**
 * A client of somebody whom another acts as. Whether that is allowed is asked at each call, as it is for each request over
 * HTTPS: `identify` gives the client of the one who is acted as, or throws. `as` acts as a third, by the first one's right.
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
