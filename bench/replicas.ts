import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '@orrery/cluster';
import { simulate } from '@orrery/testing';
import { endState, stateDifferences } from './end-state.ts';
import { startProbe } from './probe.ts';
import { type Anchor, atMost, defineRow, type Goal, type Row } from './row.ts';
import { servedCluster } from './served-cluster.ts';
import { startStopwatch } from './stopwatch.ts';
import { deploymentWhere, isComplete, webDeployment } from './workload.ts';

export interface ReplicasSize {
  readonly replicas: number;
  readonly nodes: number;
}

interface ReplicasOptions extends ReplicasSize {
  readonly goal: Goal;
  readonly anchor?: Anchor;
  /** Compares all objects in the end with those of a slow run, in which every loop gets all the time that it needs. Default false. */
  readonly compared?: boolean;
}

type FigureName = 'available' | 'longestGet' | 'p99Get' | 'firstReady';

/** A row: a Deployment's replicas on the real clock until all are available, while another process is a client over HTTPS. */
export function replicasRow({
  replicas,
  nodes,
  goal,
  anchor,
  compared = false,
}: ReplicasOptions): Row<ReplicasSize, FigureName> {
  const availableAnchor = anchor === undefined ? {} : { anchor };
  return defineRow({
    what: `${replicas.toLocaleString('en-US')} replicas on ${nodes.toLocaleString('en-US')} nodes, on the real clock`,
    full: { replicas, nodes },
    quick: { replicas: 20, nodes: 4 },
    limit: 600,
    figures: {
      available: { what: 'all available', unit: 's', goal, ...availableAnchor },
      longestGet: {
        what: 'longest GET meanwhile',
        unit: 'ms',
        goal: atMost(20),
        anchor: { value: 230, source: 'Kubernetes 1.35.4 with 1,000 replicas on 100 nodes; 60 to 230 ms' },
      },
      p99Get: { what: '99 % of GETs meanwhile', unit: 'ms' },
      firstReady: {
        what: 'a watcher sees the first Ready Pod',
        unit: 'ms',
        goal: atMost(50),
        anchor: { value: 100, source: 'Kubernetes 1.35.4 with 1,000 replicas on 100 nodes' },
      },
    },
    measure: (size) => measureReplicas(size, compared),
  });
}

async function measureReplicas(size: ReplicasSize, compared: boolean) {
  await using served = await servedCluster({ nodes: size.nodes });
  const { client } = served.cluster;
  const probe = await startProbe(served.access);
  const began = performance.timeOrigin + performance.now();
  const stopwatch = startStopwatch();
  await client.create(webDeployment('web', size.replicas));
  await deploymentWhere(client, 'web', isComplete);
  const available = stopwatch.measured();
  const { longest, p99, firstReady } = await probe.stop();
  if (compared) await compareWithSlowRun(served.cluster, size);
  if (firstReady === undefined) throw new Error('the watcher saw no Ready Pod');
  return {
    available,
    longestGet: { value: longest },
    p99Get: { value: p99 },
    firstReady: { value: firstReady - began },
  };
}

/** Runs the same case in virtual time. @throws Error with the first differences, if the cluster does not come to the same objects */
async function compareWithSlowRun(cluster: Cluster, { nodes, replicas }: ReplicasSize): Promise<void> {
  const slow = await simulate({ nodes });
  await slow.client.create(webDeployment('web', replicas));
  await slow.advance('1m');
  const expected = await endState(slow);
  await slow.close();
  // The last events and reports of nodes may still be on their way: kubelets report every ten seconds.
  let differences = stateDifferences(await endState(cluster), expected);
  for (let tries = 4; differences.length > 0 && tries > 0; tries--) {
    await sleep(12_000);
    differences = stateDifferences(await endState(cluster), expected);
  }
  if (differences.length === 0) return;
  // Sorted: the first ones are only in the slow run, the last ones only in this.
  const shown = [...differences.slice(0, 2), ...differences.slice(-2)].map((line) => line.slice(0, 1_000));
  throw new Error(`${differences.length} differences from a slow run:\n${shown.join('\n')}`);
}
