import { Deployment } from '@orrery/api';
import { simulate } from '@orrery/testing';
import { report } from '../report.ts';

/** 2,000 containers, half of them `sleep`, half a small script, over 100 nodes: what they add to the process. */
const cluster = await simulate({ nodes: 100 });
const memory = () => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
};
const before = memory();
const commands: { readonly [name: string]: string[] } = {
  sleeper: ['sleep', '86400'],
  script: ['sh', '-c', 'while true; do date >> /tmp/log; sleep 60; done'],
};
for (const [name, command] of Object.entries(commands)) {
  await cluster.client.create<Deployment>({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas: 1000,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name, image: 'busybox', command }] } },
    },
  });
}
await cluster.settle();
await cluster.advance('5m');
for (const name of Object.keys(commands)) {
  const { status } = await cluster.client.get(Deployment, { namespace: 'default', name });
  if (status?.availableReplicas !== 1000) throw new Error(`only ${status?.availableReplicas} of ${name} are available`);
}
const used = memory() - before;
const { rss } = process.memoryUsage();
await cluster.close();
report({
  what: '2,000 containers that run sleep or a small script',
  figures: [
    { name: 'memory that they add', value: used, unit: 'MB', goal: 200 },
    { name: 'memory of the whole process', value: rss / 1e6, unit: 'MB' },
  ],
});
