import type { Duration } from '@orrery/core';
import { simulate } from '@orrery/testing';
import { atMost, defineRow } from '../row.ts';
import { startStopwatch } from '../stopwatch.ts';
import { deploymentWhere, isComplete, webDeployment } from '../workload.ts';

interface Size {
  readonly nodes: number;
  readonly replicas: number;
  readonly time: Duration;
}

/** At full size, 17 million probes. */
export default defineRow<Size, 'day'>({
  what: '1,000 nginx Pods with two probes every 10 s on 100 nodes, in virtual time',
  full: { nodes: 100, replicas: 1_000, time: '24h' },
  quick: { nodes: 3, replicas: 30, time: '10m' },
  rounds: 1,
  limit: 300,
  figures: { day: { what: '24 hours', unit: 's', goal: atMost(40) } },
  async measure({ nodes, replicas, time }) {
    const cluster = await simulate({ nodes });
    const deployment = webDeployment('web', replicas, {
      containers: [
        {
          name: 'web',
          image: 'nginx',
          readinessProbe: { httpGet: { path: '/', port: 80 }, periodSeconds: 10 },
          livenessProbe: { tcpSocket: { port: 80 }, periodSeconds: 10 },
        },
      ],
    });
    await cluster.client.create(deployment);
    await cluster.advance('1m');
    await deploymentWhere(cluster.client, 'web', isComplete);
    const stopwatch = startStopwatch();
    await cluster.advance(time);
    const day = stopwatch.measured();
    await deploymentWhere(cluster.client, 'web', isComplete);
    await cluster.close();
    return { day };
  },
});
