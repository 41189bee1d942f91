import { type Lease, Pod, type Stored } from '@orrery/api';
import { adminUser } from '@orrery/cluster';
import { simulate } from '@orrery/testing';
import type { Measured } from '../row.ts';
import { defineRow } from '../row.ts';
import { startStopwatch } from '../stopwatch.ts';

/** What single requests cost in process: the way that every controller's and kubelet's call goes. */
export default defineRow({
  what: 'requests in process',
  full: { calls: 10_000 },
  quick: { calls: 100 },
  warmUp: { calls: 5_000 },
  figures: {
    renew: { what: 'a Lease is renewed', unit: 'µs' },
    create: { what: 'a Pod is created', unit: 'µs' },
    get: { what: 'a Pod is read', unit: 'µs' },
    list: { what: '10,000 Pods are listed by label', unit: 'µs' },
  },
  async measure({ calls }) {
    const cluster = await simulate({ nodes: 0 });
    const client = cluster.as(adminUser);
    let lease: Stored<Lease> = await client.create<Lease>({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'bench', namespace: 'default' },
      spec: { holderIdentity: 'bench', leaseDurationSeconds: 40, renewTime: '2026-01-01T00:00:00.000000Z' },
    });
    const renew = await each(calls, async (index) => {
      const renewTime = new Date(cluster.now() + index).toISOString().replace('Z', '000Z');
      lease = await client.update<Lease>({ ...lease, spec: { ...lease.spec, renewTime } });
    });
    // A node that nobody plays: these Pods stay as they are.
    const create = await each(calls, (index) =>
      client.create<Pod>({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `pod-${index}`, namespace: 'default', labels: { app: 'bench' } },
        spec: { nodeName: 'nowhere', containers: [{ name: 'main', image: 'nginx', ports: [{ containerPort: 80 }] }] },
      }),
    );
    const get = await each(calls, (index) => client.get(Pod, { namespace: 'default', name: `pod-${index}` }));
    const list = await each(20, () => client.list(Pod, { namespace: 'default', labelSelector: 'app=bench' }));
    await cluster.close();
    return { renew, create, get, list };
  },
});

/** Microseconds per call. */
async function each(calls: number, call: (index: number) => Promise<unknown>): Promise<Measured> {
  const stopwatch = startStopwatch();
  for (let index = 0; index < calls; index++) await call(index);
  const { value, cpuSeconds = 0 } = stopwatch.measured();
  return { value: (value * 1e6) / calls, cpuSeconds };
}
