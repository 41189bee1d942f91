import type { Kind, KubernetesObject, ObjectKey, Stored } from '@orrery/api';
import { applyManifest, type Cluster, type ClusterOptions, createCluster } from '@orrery/cluster';
import {
  createSimulation,
  type Duration,
  type Inspection,
  type ListOptions,
  type RunOptions,
  type SettleOptions,
  type Simulation,
} from '@orrery/core';
import { type Choices, inspectClient, type Path } from '@orrery/core/assembly';
import type { Machines } from '@orrery/runtimes';
import type { SimulatedMachines } from '@orrery/runtimes/sim';
import { createMemoryEngine } from '@orrery/store';
import { type ContainerAccess, containerAccess } from './containers.ts';
import type { FaultRule } from './faults/fault-rules.ts';
import { createFaults, type Faults } from './faults/faults.ts';
import { type RecordedCommit, recordingEngine } from './recording-engine.ts';

/** Options of a simulated cluster: those of a cluster, and a seed. */
export interface SimulateOptions<M extends Machines = Machines> extends Omit<ClusterOptions<M>, 'environment'> {
  /** Decides all orders, faults and random values. With a path: only the choices after its end. Default: the path's seed, or 1. */
  readonly seed?: number | string;
  /**
   * A run to repeat: the result of `choices.path()`, or its text. All other options must be the same. The functions that move time
   * throw a PathError when the run diverges. Default: none.
   */
  readonly path?: Path | string;
  /**
   * Faults between the cluster's loops and the API server, from the start. Default: none, and no links that could get any later;
   * `[]` puts links in place that pass everything on until {@link SimulatedCluster.faults} are used.
   */
  readonly faults?: FaultRule | readonly FaultRule[];
  /** Milliseconds since the epoch at which the clock starts. Default 2026-01-01T00:00:00Z. */
  readonly start?: number;
  /** Keep every commit, for {@link SimulatedCluster.history}. Default false: a long run would not fit in memory. */
  readonly recorded?: boolean;
  /** Receives everything that the cluster's loops do, from the start. */
  readonly inspect?: (event: Inspection) => void;
}

/** A whole cluster in virtual time. Time moves only in {@link settle}, {@link advance} and {@link run}. */
export interface SimulatedCluster<M extends Machines = Machines> extends Cluster<M>, ContainerAccess {
  readonly simulation: Simulation;
  /** The source of all decisions about order and faults. `choices.path()` is this run, to be repeated. */
  readonly choices: Choices;
  /** The current faults, and those that have happened; `faults.use()` ends them. @throws Error for rules without links: see the option */
  readonly faults: Faults;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs all loops until they are idle, skipping the waits before retries. @throws LivelockError with the causes if they never are */
  settle(options?: SettleOptions): Promise<void>;
  /** Moves time forward, with everything that happens meanwhile. @throws LivelockError as {@link settle} */
  advance(duration: Duration, options?: Pick<SettleOptions, 'turns'>): Promise<void>;
  /** Moves time forward until the condition holds. @throws Error if it does not within `options.within` (default 1 h) */
  run(until: () => boolean, options?: RunOptions): Promise<void>;
  /** An object as it is now, read by the test's own client. @throws StatusError NotFound */
  get<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey | string): Promise<Stored<T>>;
  /** All objects of a kind, or the selected ones, in the order of their keys. */
  list<T extends KubernetesObject>(kind: Kind<T>, selection?: ListOptions): Promise<readonly Stored<T>[]>;
  /** Every commit so far: the same seed gives the same list, byte for byte. @throws Error unless `recorded` was asked for */
  history(): readonly RecordedCommit[];
}

/**
 * Starts a whole cluster in virtual time: scheduler, kubelets, controllers, containers (simulated, unless `machines` is given, which
 * must then use the cluster's clock). The seed decides the order in which all of them, and all clients, act. Resolves when the
 * cluster has settled.
 */
export async function simulate<M extends Machines = SimulatedMachines>(
  options: SimulateOptions<M> = {},
): Promise<SimulatedCluster<M>> {
  const { seed, path, start, recorded = false, inspect, faults: rules, link, ...clusterOptions } = options;
  const simulation = createSimulation({
    ...(seed === undefined ? {} : { seed }),
    ...(path === undefined ? {} : { path }),
    ...(start === undefined ? {} : { start }),
  });
  const { environment, choices } = simulation;
  const faults = createFaults({ clock: environment.clock, choices }, ...[rules ?? []].flat());
  const links = [...(rules === undefined ? [] : [faults.link]), ...(link === undefined ? [] : [link])];
  if (inspect !== undefined) environment.inspector.events.subscribe(inspect);
  const memory = options.engine ?? createMemoryEngine();
  const record = recorded ? recordingEngine(memory) : undefined;
  const starting = createCluster({
    ...clusterOptions,
    environment,
    engine: record?.engine ?? memory,
    // A link costs each request some time, which a cluster without faults does not spend.
    ...(links.length === 0 ? {} : { link: (client, actor) => links.reduce((inner, one) => one(inner, actor), client) }),
  });
  const cluster = await started(simulation, starting).catch((error: unknown) => {
    faults.close();
    // It may never start, as time stands still from here on; and the failure is already reported.
    starting.then((half) => half.close()).catch(() => undefined);
    throw error;
  });
  const client = inspectClient(cluster.client, environment, 'test');
  return {
    ...cluster,
    ...containerAccess(cluster, simulation),
    apply: (manifest) => applyManifest(client, manifest),
    client,
    simulation,
    choices,
    faults: rules === undefined ? withoutLinks(faults) : faults,
    now: () => environment.clock.now(),
    settle: (settling) => simulation.settle(settling),
    advance: (duration, limits) => simulation.advance(duration, limits),
    run: (until, running) => simulation.run(until, { within: '1h', ...running }),
    get: (kind, key) => client.get(kind, key),
    list: async (kind, selection) => (await client.list(kind, selection)).items,
    close: () => {
      // Nothing moves time any more.
      faults.close();
      return cluster.close();
    },
    history: () => {
      if (record === undefined) throw new Error('this cluster keeps no history: simulate({ recorded: true })');
      return record.commits;
    },
  };
}

/** Moves time forward until the cluster has started and settled: faults take time, and retries take more. */
async function started<C>(simulation: Simulation, starting: Promise<C>): Promise<C> {
  let over = false;
  const end = () => {
    over = true;
  };
  starting.then(end, end);
  await simulation.run(() => over, { within: '1h' });
  const cluster = await starting;
  await simulation.settle();
  return cluster;
}

/** The faults of a cluster that none can reach. */
function withoutLinks(faults: Faults): Faults {
  return {
    ...faults,
    use: (...rules) => {
      if (rules.length > 0) throw new Error('this cluster has no links for faults: simulate({ faults: [] })');
    },
  };
}
