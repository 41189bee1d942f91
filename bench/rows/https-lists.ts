import { join } from 'node:path';
import type { ConfigMap } from '@orrery/api';
import { startClient } from '../client-process.ts';
import { atMost, defineRow } from '../row.ts';
import { servedCluster } from '../served-cluster.ts';
import { startStopwatch } from '../stopwatch.ts';

const source = 'Kubernetes 1.35.4: kube-apiserver and etcd';

/** Nobody lists only once: the first list, which encodes every object, is thrown away. */
const lists = 9;
const limit = 500;

export default defineRow({
  what: 'ConfigMaps listed over HTTPS by another process, without compression',
  full: { configMaps: 15_000 },
  quick: { configMaps: 1_000 },
  figures: {
    whole: { what: '15,000 at once', unit: 'ms', goal: atMost(27), anchor: { value: 133, source } },
    paged: { what: '15,000 by 500', unit: 'ms', goal: atMost(56), anchor: { value: 278, source } },
  },
  async measure({ configMaps }) {
    await using served = await servedCluster({ nodes: 0 });
    // The namespace has one already: kube-root-ca.crt.
    for (let index = 1; index < configMaps; index++) await served.cluster.client.create(configMap(`config-${index}`));
    const client = startClient(join(import.meta.dirname, '../lists-process.ts'), { access: served.access });
    const measured = async (pageSize: number) => {
      const ask = () => client.ask<{ readonly milliseconds: number; readonly pages: number }>({ limit: pageSize });
      const { pages } = await ask();
      if (pages !== (pageSize === 0 ? 1 : Math.ceil(configMaps / pageSize))) throw new Error(`${pages} pages`);
      const stopwatch = startStopwatch();
      const times: number[] = [];
      for (let round = 0; round < lists; round++) times.push((await ask()).milliseconds);
      const [value = Number.NaN] = times.sort((a, b) => a - b).slice(Math.floor(lists / 2));
      return { value, cpuSeconds: stopwatch.cpuSeconds() / lists };
    };
    return { whole: await measured(0), paged: await measured(limit) };
  },
});

function configMap(name: string): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', labels: { app: 'bench' } },
    data: { key: 'x'.repeat(100) },
  };
}
