import type { Process } from '../process/process.ts';
import type { HttpHandler } from './http.ts';
import { ConnectError } from './network.ts';
import type { Listener, ServiceOptions } from './network-namespace.ts';

/**
 * Lets a process serve a port of its Pod until it ends. Handlers may wait in the process's own waiting functions.
 * @throws Error `Address already in use`
 */
export function listen(process: Process, options: ServiceOptions): Listener {
  const { http, connection } = options;
  const listener = process.realm.network.listen({
    ...options,
    ...(http === undefined ? {} : { http: guarded(process, http) }),
    ...(connection === undefined
      ? {}
      : {
          connection: (opened) => {
            process.own({ [Symbol.dispose]: () => opened.outgoing.end() });
            connection(opened);
          },
        }),
  });
  process.own(listener);
  return listener;
}

/** A handler of a process: counts as the process's work while it computes, and fails when the process dies meanwhile. */
function guarded(process: Process, handler: HttpHandler): HttpHandler {
  const { activity } = process.kernel;
  return (request) => {
    const answer = handler(request);
    if (!(answer instanceof Promise)) return answer;
    activity.enter();
    return new Promise((resolve, reject) => {
      const forget = process.whenEnded(() => reject(new ConnectError('reset')));
      answer
        .then(resolve, (error: unknown) => {
          if (!process.ended) reject(error);
        })
        .finally(() => {
          forget();
          activity.leave();
        });
    });
  };
}
