import { setTimeout as sleep } from 'node:timers/promises';
import { createCluster } from '@orrery/cluster';
import { heapMegabytes, residentMegabytes } from '../memory.ts';
import { allNodesReady, podsReady } from '../ready.ts';
import { atMost, defineRow } from '../row.ts';
import { startStopwatch } from '../stopwatch.ts';
import { webDeployment } from '../workload.ts';

const podSpec = {
  containers: [
    { name: 'web', image: 'nginx', readinessProbe: { httpGet: { path: '/', port: 80 }, periodSeconds: 10 } },
  ],
};

/** "Considerations for large clusters": no more than 5,000 nodes and 150,000 Pods. */
export default defineRow({
  what: '5,000 nodes and 150,000 Pods with a probe every 10 s, on the real clock',
  full: { nodes: 5_000, deployments: 150, replicas: 1_000, steadySeconds: 60 },
  quick: { nodes: 10, deployments: 3, replicas: 20, steadySeconds: 0.2 },
  rounds: 1,
  limit: 1_800,
  heap: 16_000,
  figures: {
    ready: { what: 'all Pods Ready', unit: 's', goal: atMost(60) },
    load: { what: 'CPU when steady', unit: '% of a core', goal: atMost(20) },
    resident: { what: 'memory', unit: 'MB', goal: atMost(3_000) },
    live: { what: 'live objects', unit: 'MB' },
  },
  async measure({ nodes, deployments, replicas, steadySeconds }) {
    const cluster = await createCluster({ nodes });
    await allNodesReady(cluster);
    const stopwatch = startStopwatch();
    for (let index = 0; index < deployments; index++)
      await cluster.client.create(webDeployment(`web-${index}`, replicas, podSpec));
    await podsReady(cluster, deployments * replicas);
    const ready = stopwatch.measured();
    await sleep(steadySeconds * 200);
    const steady = startStopwatch();
    await sleep(steadySeconds * 1000);
    const cpuSeconds = steady.cpuSeconds();
    const load = (100 * cpuSeconds) / steady.seconds();
    const resident = residentMegabytes();
    const live = heapMegabytes();
    await cluster.close();
    return { ready, load: { value: load, cpuSeconds }, resident: { value: resident }, live: { value: live } };
  },
});
