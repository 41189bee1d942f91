import { type ClientUnderTest, clientContract, contractKinds, nobody } from '@orrery/core/fixtures';
import { adminUser } from '@orrery/server/fixtures';
import { connect } from './connect.ts';
import { serveApi } from './served-api.fixture.ts';

async function open(): Promise<ClientUnderTest> {
  const served = await serveApi();
  const warnings: string[] = [];
  const warn = (text: string) => warnings.push(text);
  const admin = await connect(await served.kubeconfigOf(adminUser), { kinds: contractKinds, warn });
  const unprivileged = await connect(await served.kubeconfigOf(nobody));
  return {
    client: admin.client,
    unprivileged: unprivileged.client,
    warnings,
    watches: served.watches,
    compact: served.compact,
    endWatches: served.stop,
    close: async () => {
      await Promise.all([admin.close(), unprivileged.close()]);
      await served.stop();
    },
  };
}

clientContract('the client over HTTPS', open);
