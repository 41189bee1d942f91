import { Pod } from '@orrery/api';
import { simulatedMachines } from '@orrery/runtimes/sim';
import { expect, test } from 'vitest';
import { simulate } from '../../simulate.ts';

/** What an nginx Pod may take of each budget that all machines share, programs' memory and files, in bytes. */
const room = 20_000;

test('small Pods run in 20 KB of memory and as much of the disk', async () => {
  const count = 50;
  const cluster = await simulate({ nodes: 1, machines: simulatedMachines({ memoryBytes: count * room }) });
  for (let index = 0; index < count; index++) {
    await cluster.client.create<Pod>({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `web-${index}`, namespace: 'default' },
      spec: { containers: [{ name: 'web', image: 'nginx' }] },
    });
  }
  await cluster.advance('1m');
  const { items } = await cluster.client.list(Pod, { namespace: 'default' });
  const ready = items.filter(({ status }) =>
    status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'),
  );
  expect(ready).toHaveLength(count);
  await cluster.close();
});
