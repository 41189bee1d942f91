import { type Node, Pod, type Service } from '@orrery/api';
import { simulate } from '@orrery/testing';
import { atMost, defineRow } from '../row.ts';
import { startStopwatch } from '../stopwatch.ts';
import { webDeployment } from '../workload.ts';

/**
 * A Pod becomes Ready and unready again, and each time all loops run until they are idle. Nobody plays the nodes: the kubelets' own
 * work is no part of the figure, and the write is.
 */
export default defineRow({
  what: 'one Pod of 100 behind a Service changes, among 150,000, in virtual time',
  full: { deployments: 1_500, replicas: 100, changes: 400 },
  quick: { deployments: 2, replicas: 10, changes: 4 },
  warmUp: { deployments: 10, replicas: 100, changes: 400 },
  rounds: 1,
  limit: 600,
  figures: { change: { what: 'CPU of all loops and the write', unit: 'ms', goal: atMost(1) } },
  async measure({ deployments, replicas, changes }) {
    const cluster = await simulate({ nodes: 0 });
    const { client } = cluster;
    for (let index = 0; index < deployments; index++) {
      const nodeName = `node${index}`;
      const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName }, spec: {} };
      await client.create(node);
      const name = `web-${index}`;
      await client.create(webDeployment(name, replicas, { nodeName, containers: [{ name: 'web', image: 'nginx' }] }));
      const service: Service = {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, namespace: 'default' },
        spec: { selector: { app: name }, ports: [{ port: 80 }] },
      };
      await client.create(service);
      await cluster.settle();
    }
    const { items } = await client.list(Pod, { namespace: 'default' });
    if (items.length !== deployments * replicas) throw new Error(`there are ${items.length} Pods`);
    const [pod] = items;
    if (pod === undefined) throw new Error('there is no Pod');
    const stopwatch = startStopwatch();
    for (let change = 0; change < changes; change++) {
      const current = await client.get(Pod, { namespace: 'default', name: pod.metadata.name });
      await client.updateStatus<Pod>({ ...current, status: status(change % 2 === 0) });
      await cluster.settle();
    }
    const cpuSeconds = stopwatch.cpuSeconds();
    await cluster.close();
    return { change: { value: (cpuSeconds * 1000) / changes, cpuSeconds } };
  },
});

function status(ready: boolean): Pod['status'] {
  return {
    phase: 'Running',
    podIP: '10.224.0.2',
    podIPs: [{ ip: '10.224.0.2' }],
    conditions: [
      { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: '2026-01-01T00:00:00Z' },
      { type: 'ContainersReady', status: ready ? 'True' : 'False', lastTransitionTime: '2026-01-01T00:00:00Z' },
    ],
  };
}
