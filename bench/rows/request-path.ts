import { type Lease, Pod, type Stored } from '@orrery/api';
import { simulate } from '@orrery/testing';
import { median, report } from '../report.ts';

/** What single requests cost in process: the way that every controller's and kubelet's call goes. */
const cluster = await simulate({ nodes: 0 });
const client = cluster.as({ username: 'system:admin', groups: ['system:masters', 'system:authenticated'] });

/** Microseconds per call: the median of five rounds, after one to warm up. */
async function each(calls: number, call: (index: number) => Promise<unknown>): Promise<number> {
  const rounds: number[] = [];
  let index = 0;
  for (let round = 0; round < 6; round++) {
    const began = performance.now();
    for (let i = 0; i < calls; i++) await call(index++);
    rounds.push(((performance.now() - began) * 1000) / calls);
  }
  return median(rounds.slice(1));
}

let lease: Stored<Lease> = await client.create<Lease>({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'bench', namespace: 'default' },
  spec: { holderIdentity: 'bench', leaseDurationSeconds: 40, renewTime: '2026-01-01T00:00:00.000000Z' },
});
const renew = await each(10_000, async (index) => {
  const renewTime = new Date(cluster.now() + index).toISOString().replace('Z', '000Z');
  lease = await client.update<Lease>({ ...lease, spec: { ...lease.spec, renewTime } });
});
// A node that nobody plays: these Pods stay as they are.
const create = await each(2_000, (index) =>
  client.create<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `pod-${index}`, namespace: 'default', labels: { app: 'bench' } },
    spec: { nodeName: 'nowhere', containers: [{ name: 'main', image: 'nginx', ports: [{ containerPort: 80 }] }] },
  }),
);
const get = await each(10_000, (index) => client.get(Pod, { namespace: 'default', name: `pod-${index % 10_000}` }));
const list = await each(20, () => client.list(Pod, { namespace: 'default', labelSelector: 'app=bench' }));
await cluster.close();

report({
  what: 'requests in process (median of 5)',
  figures: [
    { name: 'a Lease is renewed', value: renew, unit: 'µs' },
    { name: 'a Pod is created', value: create, unit: 'µs' },
    { name: 'a Pod is read', value: get, unit: 'µs' },
    { name: '12,000 Pods are listed by label', value: list / 1000, unit: 'ms' },
  ],
});
