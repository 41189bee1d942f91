import { Namespace, Pod } from '@orrery/api';
import { createCluster } from '@orrery/cluster';
import { watchUntil } from '../ready.ts';
import { atMost, defineRow } from '../row.ts';
import { startStopwatch } from '../stopwatch.ts';
import { deploymentWhere, isComplete, webDeployment } from '../workload.ts';

/** Its Pods run; their kubelets stop them, as in a deletion of each. */
export default defineRow({
  what: 'a namespace with 10,000 running Pods on 200 nodes is deleted, on the real clock',
  full: { nodes: 200, replicas: 10_000 },
  quick: { nodes: 3, replicas: 30 },
  limit: 600,
  figures: { gone: { what: 'the namespace is gone', unit: 's', goal: atMost(3) } },
  async measure({ nodes, replicas }) {
    const cluster = await createCluster({ nodes });
    const { client } = cluster;
    const namespace = 'shop';
    await client.create<Namespace>({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace }, spec: {} });
    const { metadata, ...deployment } = webDeployment('web', replicas);
    await client.create({ ...deployment, metadata: { ...metadata, namespace } });
    await deploymentWhere(client, 'web', isComplete, namespace);
    const stopwatch = startStopwatch();
    await client.delete(Namespace, namespace);
    await watchUntil(
      client,
      Namespace,
      (event) => event.type === 'DELETED' && event.object.metadata.name === namespace,
    );
    const gone = stopwatch.measured();
    const { items } = await client.list(Pod, { namespace });
    if (items.length > 0) throw new Error(`${items.length} Pods are left`);
    await cluster.close();
    return { gone };
  },
});
