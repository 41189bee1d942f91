import type { Process } from '../process/process.ts';
import type { HttpResponse } from './http.ts';
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
    ...(http === undefined ? {} : { guard: (answer) => guarded(process, answer) }),
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

/** An answer that a process thinks about: counts as the process's work meanwhile, and fails when the process dies. */
function guarded(process: Process, answer: Promise<HttpResponse>): Promise<HttpResponse> {
  const { activity } = process.kernel;
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
}
