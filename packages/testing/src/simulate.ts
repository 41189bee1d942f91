import type { Kind, KubernetesObject, ObjectKey, Stored } from '@orrery/api';
import { applyManifest, type Cluster, type ClusterOptions, createCluster } from '@orrery/cluster';
import {
  createSimulation,
  type Duration,
  type Inspection,
  inspectClient,
  type ListOptions,
  type RunOptions,
  type SettleOptions,
  type Simulation,
} from '@orrery/core';
import type { Machines } from '@orrery/runtimes';
import type { SimulatedMachines } from '@orrery/runtimes/sim';
import { createMemoryEngine } from '@orrery/store';
import { type ContainerAccess, containerAccess } from './containers.ts';
import { type RecordedCommit, recordingEngine } from './recording-engine.ts';

/** What a simulated cluster is made of: a cluster's own options, and a seed. */
export interface SimulateOptions<M extends Machines = Machines> extends Omit<ClusterOptions<M>, 'environment'> {
  /** Decides everything that chance and order decide. Default 1. */
  readonly seed?: number | string;
  /** Milliseconds since the epoch at which the clock starts. Default 2026-01-01T00:00:00Z. */
  readonly start?: number;
  /** Keep every commit, for {@link SimulatedCluster.history}. Default false: a long run would not fit in memory. */
  readonly recorded?: boolean;
  /** Is told everything that the cluster's loops do, from the start. */
  readonly inspect?: (event: Inspection) => void;
}

/** A whole cluster in virtual time. Time moves only in {@link settle}, {@link advance} and {@link run}. */
export interface SimulatedCluster<M extends Machines = Machines> extends Cluster<M>, ContainerAccess {
  readonly simulation: Simulation;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Lets all loops come to rest, passing over waits before retries. @throws LivelockError with the causes where they never do */
  settle(options?: SettleOptions): Promise<void>;
  /** Moves time on, and everything that happens in it. @throws LivelockError as {@link settle} */
  advance(duration: Duration, options?: Pick<SettleOptions, 'turns'>): Promise<void>;
  /** Moves time on until the condition holds. @throws Error if it does not within `options.within` (default 1 h) */
  run(until: () => boolean, options?: RunOptions): Promise<void>;
  /** An object as it is now, read by the test's own client. @throws StatusError NotFound */
  get<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey | string): Promise<Stored<T>>;
  /** All objects of a kind, or those that are selected, in the order of their keys. */
  list<T extends KubernetesObject>(kind: Kind<T>, selection?: ListOptions): Promise<readonly Stored<T>[]>;
  /** Every commit so far: the same seed gives the same list, byte for byte. @throws Error unless `recorded` was asked for */
  history(): readonly RecordedCommit[];
}

/**
 * Starts a whole cluster in virtual time: scheduler, kubelets, controllers, containers (simulated ones unless `machines` says
 * otherwise, which then must keep to the cluster's own time). The seed decides the order
 * in which all of them, and all clients, act. Resolves when the cluster has settled.
 */
export async function simulate<M extends Machines = SimulatedMachines>(
  options: SimulateOptions<M> = {},
): Promise<SimulatedCluster<M>> {
  const { seed = 1, start, recorded = false, inspect, ...clusterOptions } = options;
  const simulation = createSimulation({ seed, ...(start === undefined ? {} : { start }) });
  const { environment } = simulation;
  if (inspect !== undefined) environment.inspector.events.subscribe(inspect);
  const memory = options.engine ?? createMemoryEngine();
  const record = recorded ? recordingEngine(memory) : undefined;
  const cluster = await createCluster({ ...clusterOptions, environment, engine: record?.engine ?? memory });
  await simulation.settle();
  const client = inspectClient(cluster.client, environment, 'test');
  return {
    ...cluster,
    ...containerAccess(cluster, simulation),
    apply: (manifest) => applyManifest(client, manifest),
    client,
    simulation,
    now: () => environment.clock.now(),
    settle: (settling) => simulation.settle(settling),
    advance: (duration, limits) => simulation.advance(duration, limits),
    run: (until, running) => simulation.run(until, { within: '1h', ...running }),
    get: (kind, key) => client.get(kind, key),
    list: async (kind, selection) => (await client.list(kind, selection)).items,
    history: () => {
      if (record === undefined) throw new Error('this cluster keeps no history: simulate({ recorded: true })');
      return record.commits;
    },
  };
}
