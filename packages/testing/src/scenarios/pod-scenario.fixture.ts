import { type Container, Event, Pod, type Stored } from '@orrery/api';
import { tableFor } from '@orrery/api/server';
import type { SimulatedMachines } from '@orrery/runtimes/sim';
import { onTestFinished } from 'vitest';
import { type SimulatedCluster, type SimulateOptions, simulate } from '../simulate.ts';

type PodSpec = Pod['spec'];

/** What `kubectl get pods` shows of a Pod. */
interface PodRow {
  readonly ready: string;
  readonly status: string;
  readonly restarts: string;
}

/** A simulated cluster with shorthands for Pod tests. A Pod without a name is `web` in `default`. */
export interface PodScenario extends SimulatedCluster<SimulatedMachines> {
  /** Creates a Pod and lets the cluster settle. */
  start(spec: PodSpec, metadata?: Partial<Pod['metadata']>): Promise<Stored<Pod>>;
  pod(name?: string): Promise<Stored<Pod>>;
  /** The Pod's row as it is now; undefined when the Pod is gone. */
  row(name?: string): Promise<PodRow | undefined>;
  /** Every STATUS that the Pod has shown since it was created, without consecutive duplicates. */
  shown(name?: string): readonly string[];
  /** The Pod's events, oldest first: `Warning Failed: Error: ErrImagePull`, with ` (x3)` if repeated. */
  events(name?: string): Promise<readonly string[]>;
  /** Requests the Pod's deletion. */
  remove(name?: string, gracePeriodSeconds?: number): Promise<void>;
  /** Seconds since the first Pod was started. */
  elapsed(): number;
}

/** Starts a cluster that is stopped at the end of the test; it has one node by default. */
export async function podScenario(options: SimulateOptions<SimulatedMachines> = {}): Promise<PodScenario> {
  const cluster = await simulate({ nodes: 1, ...options });
  const histories = new Map<string, string[]>();
  let begun: number | undefined;
  const rowOf = (pod: Stored<Pod>): PodRow => {
    const { rows } = tableFor(Pod, [pod], {
      now: cluster.now(),
      includeObject: 'None',
      version: 'v1',
      withColumns: false,
    });
    const [, ready, status, restarts] = rows[0]?.cells ?? [];
    return { ready: String(ready), status: String(status), restarts: String(restarts) };
  };
  const watch = cluster.client.watch(Pod, { namespace: 'default' }).subscribe((event) => {
    if (event.type === 'BOOKMARK' || event.type === 'DELETED') return;
    const { name } = event.object.metadata;
    const history = histories.get(name) ?? [];
    histories.set(name, history);
    const { status } = rowOf(event.object);
    if (history.at(-1) !== status) history.push(status);
  });
  onTestFinished(async () => {
    watch.unsubscribe();
    await cluster.close();
  });
  const key = (name: string) => ({ namespace: 'default', name });
  return {
    ...cluster,
    start: async (spec, metadata = {}) => {
      begun ??= cluster.now();
      const created = await cluster.client.create<Pod>({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'web', namespace: 'default', ...metadata },
        spec,
      });
      await cluster.settle();
      return created;
    },
    pod: (name = 'web') => cluster.client.get(Pod, key(name)),
    row: async (name = 'web') => {
      const { items } = await cluster.client.list(Pod, { namespace: 'default' });
      const pod = items.find(({ metadata }) => metadata.name === name);
      return pod === undefined ? undefined : rowOf(pod);
    },
    shown: (name = 'web') => histories.get(name) ?? [],
    events: async (name = 'web') => {
      const { items } = await cluster.client.list(Event, { namespace: 'default' });
      return items
        .filter(({ involvedObject }) => involvedObject.kind === 'Pod' && involvedObject.name === name)
        .toSorted((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
        .map(
          ({ type, reason, message, count = 1 }) => `${type} ${reason}: ${message}${count > 1 ? ` (x${count})` : ''}`,
        );
    },
    remove: async (name = 'web', gracePeriodSeconds) => {
      await cluster.client.delete(Pod, key(name), gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds });
    },
    elapsed: () => (cluster.now() - (begun ?? cluster.now())) / 1000,
  };
}

/** A container named `main` that runs a shell script. */
export function script(text: string, more: Partial<Container> = {}): Container {
  return { name: 'main', image: 'busybox', command: ['sh', '-c', text], ...more };
}

/** A container that runs until it gets SIGTERM, and then stops at once. */
export function service(more: Partial<Container> = {}): Container {
  return script('trap exit TERM; while true; do sleep 1; done', more);
}
