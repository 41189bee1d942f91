import { join } from 'node:path';
import { startClient } from '../client-process.ts';
import { atLeast, defineRow } from '../row.ts';
import { servedCluster } from '../served-cluster.ts';
import { startStopwatch } from '../stopwatch.ts';

const source = 'Kubernetes 1.35.4: kube-apiserver and etcd';

export default defineRow({
  what: 'small ConfigMaps created over HTTPS by another process',
  full: { seconds: 5 },
  quick: { seconds: 0.2 },
  warmUp: { seconds: 1 },
  figures: {
    one: { what: 'on 1 connection', unit: 'per s', goal: atLeast(6_000), anchor: { value: 604, source } },
    ten: { what: 'on 10 connections', unit: 'per s', goal: atLeast(15_000), anchor: { value: 1_520, source } },
    fifty: { what: 'on 50 connections', unit: 'per s', goal: atLeast(20_000), anchor: { value: 2_024, source } },
  },
  async measure({ seconds }) {
    await using served = await servedCluster({ nodes: 0 });
    const client = startClient(join(import.meta.dirname, '../creates-process.ts'), { access: served.access });
    const rate = async (connections: number) => {
      const stopwatch = startStopwatch();
      const created = await client.ask<number>({ connections, seconds });
      return { value: created / stopwatch.seconds(), cpuSeconds: stopwatch.cpuSeconds() };
    };
    return { one: await rate(1), ten: await rate(10), fifty: await rate(50) };
  },
});
