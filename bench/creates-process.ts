import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { openConnection, type RawConnection } from './raw-connection.ts';
import type { Access } from './served-cluster.ts';

/** The process of a client that creates ConfigMaps on several connections, one request at a time on each; see the row `https-creates`. */
const [{ access }] = (await once(process, 'message')) as [{ readonly access: Access }];
let created = 0;
let name = 0;
process.once('disconnect', () => process.exit(1));
process.on('message', async ({ connections, seconds }: { readonly connections: number; readonly seconds: number }) => {
  const before = created;
  const running = new AbortController();
  const opened = await Promise.all(Array.from({ length: connections }, () => openConnection(access)));
  const loops = opened.map((connection) => createUntil(connection, running.signal));
  await sleep(seconds * 1000);
  running.abort();
  await Promise.all(loops);
  for (const { socket } of opened) socket.destroy();
  process.send?.(created - before);
});

async function createUntil({ ask }: RawConnection, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const metadata = { name: `config-${name++}`, namespace: 'default', labels: { app: 'bench' } };
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { key: 'x'.repeat(100) } });
    const { status } = await ask('POST', '/api/v1/namespaces/default/configmaps', body);
    if (status !== 201) throw new Error(`a create answered ${status}`);
    created++;
  }
}
