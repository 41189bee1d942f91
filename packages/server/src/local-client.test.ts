import { type ClientUnderTest, clientContract, nobody } from '@orrery/core/fixtures';
import { adminUser } from './api.fixture.ts';
import { clientServer } from './client-server.fixture.ts';
import { createLocalClient } from './local-client.ts';

async function open(): Promise<ClientUnderTest> {
  const { api, path, watches, compact } = await clientServer();
  const warnings: string[] = [];
  return {
    client: createLocalClient(path, adminUser, { warn: (text) => warnings.push(text) }),
    unprivileged: createLocalClient(path, nobody),
    warnings,
    watches,
    compact,
    endWatches: () => api.store.close(),
    close: () => api.store.close(),
  };
}

clientContract('the client in process', open);
