import { Deployment, Namespace, Pod } from '@orrery/api';
import { expect, test } from 'vitest';
import { simulate } from '../simulate.ts';

const shop = `
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: Secret
metadata: { name: key, namespace: shop }
stringData: { key: value }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web, namespace: shop }
spec: { minAvailable: 1, selector: { matchLabels: { app: web } } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      volumes: [{ name: key, secret: { secretName: key } }]
      containers: [{ name: web, image: nginx, volumeMounts: [{ name: key, mountPath: /key }] }]
`;

test('every loop of a cluster declares what it reads, nodes included', async () => {
  const complaints = new Set<string>();
  const cluster = await simulate({
    nodes: 2,
    inspect: (event) => {
      const text = event.type === 'failed' ? event.error : event.type === 'log' ? JSON.stringify(event.fields) : '';
      if (text.includes('does not declare')) complaints.add(`${event.actor}: ${text}`);
    },
  });
  await cluster.apply(shop);
  await cluster.advance('1m');
  const key = { namespace: 'shop', name: 'web' };
  expect((await cluster.client.get(Deployment, key)).status?.readyReplicas).toBe(3);
  const patch = { spec: { template: { metadata: { annotations: { rolled: 'over' } } } } };
  await cluster.client.patch(Deployment, key, { type: 'merge', patch });
  await cluster.advance('1m');
  await cluster.nodes.stop('node1');
  await cluster.advance('10m');
  expect((await cluster.client.get(Deployment, key)).status?.readyReplicas).toBe(3);
  await cluster.nodes.start('node1');
  await cluster.nodes.restartKubelet('node2');
  await cluster.client.delete(Namespace, 'shop');
  await cluster.advance('5m');
  expect((await cluster.client.list(Pod, { namespace: 'shop' })).items).toEqual([]);
  await cluster.close();
  expect([...complaints]).toEqual([]);
});
