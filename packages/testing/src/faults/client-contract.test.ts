import { type Client, createEnvironment } from '@orrery/core';
import { createChoices } from '@orrery/core/assembly';
import { clientContract, nobody } from '@orrery/core/fixtures';
import { createLocalClient } from '@orrery/server';
import { adminUser, clientServer } from '@orrery/server/fixtures';
import type { FaultRule } from './fault-rules.ts';
import { createFaults } from './faults.ts';

function underFaults(...rules: readonly FaultRule[]) {
  return async () => {
    const { api, path, watches, compact } = await clientServer();
    const { link } = createFaults(
      { clock: createEnvironment({ clock: 'x1000' }).clock, choices: createChoices() },
      ...rules,
    );
    const warnings: string[] = [];
    const linked = (client: Client) => link(client, 'test');
    return {
      client: linked(createLocalClient(path, adminUser, { warn: (text) => warnings.push(text) })),
      unprivileged: linked(createLocalClient(path, nobody)),
      warnings,
      watches,
      compact,
      endWatches: () => api.store.close(),
      close: () => api.store.close(),
    };
  };
}

clientContract('a client at a link without faults', underFaults());
clientContract(
  'a client at a link whose faults never happen',
  underFaults({ loss: 0, conflict: 0, crash: 0, watchDrop: 0 }),
);
clientContract('a client far from its server', underFaults({ latency: { min: 100, max: 900 } }));
