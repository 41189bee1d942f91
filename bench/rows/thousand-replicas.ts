import { Deployment } from '@orrery/api';
import { createCluster } from '@orrery/cluster';
import { report } from '../report.ts';

/** A Deployment of 1,000 replicas over 100 nodes, on the real clock, until all are available. */
const cluster = await createCluster({ nodes: 100 });
const began = performance.now();
await cluster.client.create<Deployment>({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas: 1000,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'nginx' }] } },
  },
});
await new Promise<void>((ready, failed) => {
  const watching = cluster.client.watch(Deployment, { namespace: 'default' }).subscribe({
    next: (event) => {
      if (event.type === 'BOOKMARK' || event.object.status?.availableReplicas !== 1000) return;
      watching.unsubscribe();
      ready();
    },
    error: failed,
  });
});
const seconds = (performance.now() - began) / 1000;
await cluster.close();
report({
  what: '1,000 replicas over 100 nodes on the real clock',
  figures: [{ name: 'all available', value: seconds, unit: 's', goal: 5 }],
});
