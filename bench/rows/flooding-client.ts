import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterRoleBinding, Pod } from '@orrery/api';
import { startFlood } from '../flood.ts';
import { startProbe } from '../probe.ts';
import { atMost, defineRow } from '../row.ts';
import { servedCluster } from '../served-cluster.ts';
import { startStopwatch } from '../stopwatch.ts';

/** Two users, neither of them exempt from priority and fairness, each in a process of its own. */
export default defineRow({
  what: 'one client floods with lists of 10,000 Pods on 20 connections, another sends GETs',
  full: { pods: 10_000, connections: 20, seconds: 10 },
  quick: { pods: 50, connections: 4, seconds: 0.3 },
  figures: {
    p99: { what: '99 % of GETs', unit: 'ms', goal: atMost(50) },
    longest: { what: 'longest GET', unit: 'ms' },
    gets: { what: 'GETs', unit: 'per s' },
    lists: { what: 'lists answered', unit: 'per s' },
    rejected: { what: 'lists rejected with 429', unit: 'per s' },
  },
  async measure({ pods, connections, seconds }) {
    await using served = await servedCluster({ nodes: 0 });
    const { client } = served.cluster;
    await client.create<ClusterRoleBinding>({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'bench' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: ['flooding', 'other'].map((name) => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name })),
    });
    for (let index = 0; index < pods; index++) await client.create(unscheduledPod(`pod-${index}`));
    const flood = startFlood(await served.accessOf('flooding'), connections);
    const probe = await startProbe(await served.accessOf('other'));
    const stopwatch = startStopwatch();
    await sleep(seconds * 1000);
    const { p99, longest, requests } = await probe.stop();
    const { 200: answered = 0, 429: rejected = 0 } = await flood.stop();
    const { value, cpuSeconds = 0 } = stopwatch.measured();
    return {
      p99: { value: p99 },
      longest: { value: longest },
      gets: { value: requests / value },
      lists: { value: answered / value, cpuSeconds },
      rejected: { value: rejected / value },
    };
  },
});

function unscheduledPod(name: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: 'bench' } },
    spec: {
      schedulingGates: [{ name: 'orrery.dev/bench' }],
      containers: [{ name: 'main', image: 'nginx', ports: [{ containerPort: 80 }] }],
    },
  };
}
