import { createCluster } from '@orrery/cluster';
import { allNodesReady, podsReady } from '../ready.ts';
import { atMost, defineRow } from '../row.ts';
import { startStopwatch } from '../stopwatch.ts';
import { webDeployment } from '../workload.ts';

/** Grows one cluster from step to step, and compares what the Deployments of each step cost. */
export default defineRow({
  what: 'Deployments of one replica on 200 nodes, on the real clock',
  full: { nodes: 200, steps: [100, 1_000, 10_000] },
  quick: { nodes: 3, steps: [2, 4, 8] },
  warmUp: { nodes: 20, steps: [100, 200, 300] },
  rounds: 1,
  limit: 600,
  figures: {
    first: { what: 'CPU per Deployment, the first 100', unit: 'ms' },
    second: { what: 'CPU per Deployment, up to 1,000', unit: 'ms' },
    third: { what: 'CPU per Deployment, up to 10,000', unit: 'ms' },
    spread: { what: 'the dearest, compared with the cheapest', unit: '×', goal: atMost(1.2) },
  },
  async measure({ nodes, steps }) {
    const cluster = await createCluster({ nodes });
    await allNodesReady(cluster);
    const costs: number[] = [];
    let count = 0;
    for (const step of steps) {
      const before = count;
      const stopwatch = startStopwatch();
      while (count < step) await cluster.client.create(webDeployment(`web-${count++}`, 1));
      await podsReady(cluster, count);
      costs.push((stopwatch.cpuSeconds() * 1000) / (count - before));
    }
    await cluster.close();
    const [first = Number.NaN, second = Number.NaN, third = Number.NaN] = costs;
    return {
      first: { value: first },
      second: { value: second },
      third: { value: third },
      spread: { value: Math.max(...costs) / Math.min(...costs) },
    };
  },
});
