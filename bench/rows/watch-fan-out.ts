import { join } from 'node:path';
import { Pod } from '@orrery/api';
import { type ClientProcess, startClient } from '../client-process.ts';
import { atLeast, defineRow } from '../row.ts';
import { type ServedCluster, servedCluster } from '../served-cluster.ts';
import { startStopwatch } from '../stopwatch.ts';

const source = 'Kubernetes 1.35.4: kube-apiserver and etcd';

/** Part of the lines that a client counts: one that is cut between brace and newline by its connection is not counted. */
const counted = 0.99;

export default defineRow({
  what: 'Pods created in process, and each seen by all watchers of all Pods',
  full: { pods: 3_000 },
  quick: { pods: 50 },
  figures: {
    inProcess: { what: '100 watchers in process', unit: 'per s', goal: atLeast(200_000) },
    twenty: {
      what: '20 watchers over HTTPS',
      unit: 'per s',
      goal: atLeast(100_000),
      anchor: { value: 10_270, source },
    },
    hundred: { what: '100 watchers over HTTPS', unit: 'per s', goal: atLeast(100_000) },
  },
  async measure({ pods }) {
    return {
      inProcess: await inProcess(pods, 100),
      twenty: await overHttps(pods, 20),
      hundred: await overHttps(pods, 100),
    };
  },
});

async function inProcess(pods: number, watchers: number) {
  await using served = await servedCluster({ nodes: 0 });
  let events = 0;
  for (let index = 0; index < watchers; index++) served.cluster.client.watch(Pod).subscribe(() => events++);
  await nextTask();
  const stopwatch = startStopwatch();
  await createPods(served, pods);
  if (events !== pods * watchers) throw new Error(`${events} events of ${pods} Pods for ${watchers} watchers`);
  return { value: events / stopwatch.seconds(), cpuSeconds: stopwatch.cpuSeconds() };
}

async function overHttps(pods: number, watchers: number) {
  await using served = await servedCluster({ nodes: 0 });
  const client: ClientProcess = startClient(join(import.meta.dirname, '../watchers-process.ts'), {
    access: served.access,
    watchers,
  });
  await client.message();
  const stopwatch = startStopwatch();
  await createPods(served, pods);
  await client.ask({ until: Math.floor(pods * watchers * counted) });
  return { value: (pods * watchers) / stopwatch.seconds(), cpuSeconds: stopwatch.cpuSeconds() };
}

async function createPods({ cluster }: ServedCluster, pods: number): Promise<void> {
  for (let index = 0; index < pods; index++) {
    await cluster.client.create<Pod>({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `pod-${index}`, namespace: 'default', labels: { app: 'bench' } },
      spec: { nodeName: 'nowhere', containers: [{ name: 'main', image: 'nginx' }] },
    });
    // The server's own loops pause as often.
    if (index % 16 === 15) await nextTask();
  }
}

function nextTask(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
