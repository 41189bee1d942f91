import { Deployment } from '@orrery/api';
import { createCluster } from '@orrery/cluster';
import { atMost, defineRow } from '../row.ts';
import { startStopwatch } from '../stopwatch.ts';
import { deploymentWhere, isComplete, webDeployment } from '../workload.ts';

/** With the default strategy: a quarter more, and a quarter fewer, than are wanted. */
export default defineRow({
  what: 'rolling update of 5,000 replicas on 500 nodes, on the real clock',
  full: { nodes: 500, replicas: 5_000 },
  quick: { nodes: 3, replicas: 20 },
  rounds: 1,
  limit: 600,
  figures: { updated: { what: 'all updated and available', unit: 's', goal: atMost(5) } },
  async measure({ nodes, replicas }) {
    const cluster = await createCluster({ nodes });
    const { client } = cluster;
    await client.create(webDeployment('web', replicas));
    await deploymentWhere(client, 'web', isComplete);
    const stopwatch = startStopwatch();
    const template = { metadata: { annotations: { version: '2' } } };
    const patched = await client.patch(
      Deployment,
      { namespace: 'default', name: 'web' },
      { type: 'merge', patch: { spec: { template } } },
    );
    const generation = patched.metadata.generation ?? 0;
    await deploymentWhere(
      client,
      'web',
      (deployment) => (deployment.status?.observedGeneration ?? 0) >= generation && isComplete(deployment),
    );
    const updated = stopwatch.measured();
    await cluster.close();
    return { updated };
  },
});
