import { createEnvironment, createManager, formatInspection } from '@orrery/core';
import { connect, loadKubeconfig } from '@orrery/kubernetes';
import { websiteController } from './controller.ts';
import { Website } from './website.ts';

/** Runs the controller on the cluster that kubectl would talk to, until it is interrupted. */
const cluster = await connect(await loadKubeconfig(), { kinds: [Website], userAgent: 'website-controller/0.1' });
const environment = createEnvironment();
environment.inspector.events.subscribe((event) => {
  if (event.type === 'failed' || event.type === 'log') console.error(formatInspection(event));
});

const manager = createManager({ environment, clientFor: () => cluster.client });
await manager.add(websiteController);
await manager.start();
console.log(`website-controller runs on ${cluster.server}`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await manager.stop();
    await cluster.close();
  });
}
