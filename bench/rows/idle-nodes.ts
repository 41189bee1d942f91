import { setTimeout as sleep } from 'node:timers/promises';
import { createCluster } from '@orrery/cluster';
import { heapMegabytes, residentMegabytes } from '../memory.ts';
import { allNodesReady } from '../ready.ts';
import { atMost, defineRow } from '../row.ts';
import { startStopwatch } from '../stopwatch.ts';

/** The most nodes that Kubernetes supports. Each has its kubelet, which renews its lease and reports its status. */
export default defineRow({
  what: '5,000 nodes without Pods, on the real clock',
  full: { nodes: 5_000, idleSeconds: 45 },
  quick: { nodes: 20, idleSeconds: 0.2 },
  limit: 180,
  figures: {
    up: { what: 'all Ready', unit: 's', goal: atMost(3) },
    load: { what: 'CPU at rest', unit: '% of a core', goal: atMost(2) },
    resident: { what: 'memory', unit: 'MB', goal: atMost(400) },
    live: { what: 'live objects', unit: 'MB' },
  },
  async measure({ nodes, idleSeconds }) {
    const stopwatch = startStopwatch();
    const cluster = await createCluster({ nodes });
    await allNodesReady(cluster);
    const up = stopwatch.measured();
    // What was made on the way is garbage now, and status reports of the start have been written.
    await sleep(idleSeconds * 200);
    const idle = startStopwatch();
    await sleep(idleSeconds * 1000);
    const cpuSeconds = idle.cpuSeconds();
    const load = (100 * cpuSeconds) / idle.seconds();
    const resident = residentMegabytes();
    const live = heapMegabytes();
    await cluster.close();
    return { up, load: { value: load, cpuSeconds }, resident: { value: resident }, live: { value: live } };
  },
});
