import { contractKinds } from '@orrery/core/fixtures';
import { Observable } from 'rxjs';
import { type TestApi, testApi } from './api.fixture.ts';
import { delegatingRequestPath } from './request-path.fixture.ts';
import type { RequestPath } from './request-path.ts';

/** The server behind a client under the contract tests. */
export interface ClientServer {
  readonly api: TestApi;
  /** The server's request path, which counts open watches. */
  readonly path: RequestPath;
  watches(): number;
  compact(): Promise<void>;
}

/** An empty server that serves the contract's kinds. */
export async function clientServer(): Promise<ClientServer> {
  const api = await testApi({ kinds: contractKinds });
  let watches = 0;
  const path = delegatingRequestPath(api.server, {
    watch: async (...call) => {
      const events = await api.server.watch(...call);
      return new Observable((subscriber) => {
        watches++;
        subscriber.add(() => watches--);
        return events.subscribe(subscriber);
      });
    },
  });
  return { api, path, watches: () => watches, compact: () => api.store.compact(api.store.revision) };
}
