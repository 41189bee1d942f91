import { ConfigMap, Pod } from '@orrery/api';
import { createLocalClient } from '@orrery/server';
import { adminUser, clientServer } from '@orrery/server/fixtures';
import { cacheClient } from '../cache/cache-client.ts';
import { createCache } from '../cache/watching-cache.ts';
import type { Client } from '../client.ts';
import { createEnvironment } from '../clock/real-environment.ts';
import { LoopLife } from '../manager/loop-life.ts';
import { clientContract } from './contract/client-contract.fixture.ts';
import { type ClientUnderTest, nobody } from './contract/client-under-test.fixture.ts';
import { delegatingClient } from './delegating-client.ts';
import { inspectClient } from './inspect-client.ts';
import { interceptClient } from './intercept-client.ts';

/** What a wrapper of clients needs besides the client, and what it opens of its own. */
interface Wrapper {
  wrap(client: Client): Client;
  readonly watches?: number;
  close?(): void;
}

async function wrapped(make: (client: Client) => Wrapper | Promise<Wrapper>): Promise<ClientUnderTest> {
  const { api, path, watches, compact } = await clientServer();
  const warnings: string[] = [];
  const client = createLocalClient(path, adminUser, { warn: (text) => warnings.push(text) });
  const wrapper = await make(client);
  return {
    client: wrapper.wrap(client),
    unprivileged: wrapper.wrap(createLocalClient(path, nobody)),
    warnings,
    watches: () => watches() - (wrapper.watches ?? 0),
    compact,
    endWatches: () => api.store.close(),
    close: async () => {
      wrapper.close?.();
      await api.store.close();
    },
  };
}

const plain = (client: Client): Client => delegatingClient(client, { as: (user) => plain(client.as(user)) });

clientContract('a client that delegates', () => wrapped(() => ({ wrap: plain })));

clientContract('an inspected client', () =>
  wrapped(() => {
    const environment = createEnvironment();
    environment.inspector.events.subscribe();
    return { wrap: (client) => inspectClient(client, environment, 'test') };
  }),
);

clientContract('the client of a cache', () =>
  wrapped(async (client) => {
    const cache = createCache({ client, environment: createEnvironment(), actor: 'test' });
    await cache.sync(ConfigMap, Pod);
    return { wrap: (one) => cacheClient(one, cache), watches: 2, close: () => cache[Symbol.dispose]() };
  }),
);

clientContract('a client whose requests are intercepted', () =>
  wrapped(() => ({
    wrap: (client) => interceptClient(client, { request: (_, send) => send(), watch: (_, open) => open() }),
  })),
);

clientContract('the client of a loop that can crash', () =>
  wrapped(() => {
    const life = new LoopLife(() => undefined);
    return { wrap: (client) => life.client(client) };
  }),
);
