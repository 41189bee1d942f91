import { Node, Pod, parseQuantity } from '@orrery/api';
import {
  createKubelet,
  createSecretProjector,
  type Kubelet,
  kubeletCacheSelectors,
  kubeletSettings,
  ProjectedVolumes,
} from '@orrery/controllers/node';
import { type CacheOptions, createManager, type Environment, type Manager } from '@orrery/core';
import type { ContainerRuntime } from '@orrery/runtimes';
import type { NodeApi } from '@orrery/server';
import { type ApiServer, type NodeDirectory, serviceNetwork } from '@orrery/server';
import { nodeUser } from './identities.ts';
import { checkNodeLabels, type NodeOptions, nodeAddresses } from './node-options.ts';

/** What a node's runtime is made for. */
export interface RuntimePlace {
  readonly name: string;
  readonly ip: string;
  readonly podCidr: string;
  /** What the machine has, where its node says so. */
  readonly cpus?: number;
  readonly memoryBytes?: number;
}

/** Makes the runtime of one node; called again when a node that was stopped is started. */
export type RuntimeFactory = (place: RuntimePlace) => ContainerRuntime;

/** What can be done to the machines of a cluster. */
export interface ClusterNodes extends NodeDirectory {
  /** Names of all nodes, running or not, in the order in which they were added. */
  readonly names: readonly string[];
  /** The runtime of a node that runs. */
  runtime(name: string): ContainerRuntime | undefined;
  running(name: string): boolean;
  /** Puts a machine into the cluster and starts it. @throws Error if there is one of that name, or if it may not have a label */
  add(options: NodeOptions): Promise<void>;
  /** Pulls the plug: kubelet and containers are gone at once, and nobody is told. @throws Error for a name that no node has */
  stop(name: string): Promise<void>;
  /**
   * Shuts a machine down: its kubelet tells the Pods to end and gives them the time of a shutdown (KEP-2000 "Graceful Node
   * Shutdown"); then it is stopped. @throws Error for a name that no node has
   */
  shutDown(name: string): Promise<void>;
  /** Starts a machine that was stopped; its containers are made anew. @throws Error for a name that no node has */
  start(name: string): Promise<void>;
  /** Restarts a node's kubelet; its containers go on running. @throws Error for a node that does not run */
  restartKubelet(name: string): Promise<void>;
}

interface Machine {
  readonly options: NodeOptions;
  readonly place: RuntimePlace;
  runtime: ContainerRuntime | undefined;
  kubelet: Kubelet | undefined;
  manager: Manager | undefined;
  /** The end of what last switched it on or off. */
  switching: Promise<void>;
}

/** What all nodes of a cluster share. */
export interface NodesOptions {
  readonly server: ApiServer;
  readonly environment: Environment;
  readonly runtime: RuntimeFactory;
}

/** Machines with kubelets over one API server. */
export class Nodes implements ClusterNodes {
  readonly #options: NodesOptions;
  readonly #machines = new Map<string, Machine>();

  constructor(options: NodesOptions) {
    this.#options = options;
  }

  get names(): readonly string[] {
    return [...this.#machines.keys()];
  }

  find(nodeName: string): NodeApi | undefined {
    return this.#machines.get(nodeName)?.kubelet?.nodeApi;
  }

  runtime(name: string): ContainerRuntime | undefined {
    return this.#machines.get(name)?.runtime;
  }

  running(name: string): boolean {
    return this.#machines.get(name)?.manager !== undefined;
  }

  async add(options: NodeOptions): Promise<void> {
    if (this.#machines.has(options.name)) throw new Error(`there is a node ${options.name} already`);
    checkNodeLabels(options);
    const { cpu, memory } = options.capacity ?? {};
    const place = {
      name: options.name,
      ...nodeAddresses(this.#machines.size),
      ...(cpu === undefined ? {} : { cpus: parseQuantity(cpu).value() }),
      ...(memory === undefined ? {} : { memoryBytes: parseQuantity(memory).value() }),
    };
    const nothing = { runtime: undefined, kubelet: undefined, manager: undefined };
    const machine: Machine = { options, place, ...nothing, switching: Promise.resolve() };
    this.#machines.set(options.name, machine);
    await (await inOrder(machine, () => this.#start(machine))).begun;
  }

  async stop(name: string): Promise<void> {
    const machine = this.#machine(name);
    await inOrder(machine, () => this.#stop(machine));
  }

  async shutDown(name: string): Promise<void> {
    const machine = this.#machine(name);
    const { kubelet, runtime } = machine;
    await kubelet?.shutDown();
    // Somebody else may have pulled the plug meanwhile, and even switched it on again.
    await inOrder(machine, async () => {
      if (machine.runtime === runtime) await this.#stop(machine);
    });
  }

  async start(name: string): Promise<void> {
    const machine = this.#machine(name);
    const start = () => (machine.manager === undefined ? this.#start(machine) : undefined);
    await (await inOrder(machine, async () => start()))?.begun;
  }

  async restartKubelet(name: string): Promise<void> {
    const machine = this.#machine(name);
    const { begun } = await inOrder(machine, async () => {
      if (machine.manager === undefined) throw new Error(`node ${name} does not run`);
      await this.#stopKubelet(machine);
      return this.#start(machine);
    });
    await begun;
  }

  async close(): Promise<void> {
    await Promise.all(this.names.map((name) => this.stop(name)));
  }

  #machine(name: string): Machine {
    const machine = this.#machines.get(name);
    if (machine === undefined) throw new Error(`there is no node ${name}; there are ${this.names.join(', ')}`);
    return machine;
  }

  /** Starts its kubelet. That it runs is waited for by whoever asked: a machine that never gets so far can be stopped. */
  async #start(machine: Machine): Promise<{ readonly begun: Promise<void> }> {
    const { environment, server, runtime: makeRuntime } = this.#options;
    const { name, labels, taints, capacity, allocatable } = machine.options;
    const runtime = machine.runtime ?? makeRuntime(machine.place);
    machine.runtime = runtime;
    const volumes = new ProjectedVolumes();
    const kubeletOptions = {
      ...machine.options.kubelet,
      nodeName: name,
      runtime,
      volumes,
      nodeIp: machine.place.ip,
      podCidr: machine.place.podCidr,
      clusterDns: [serviceNetwork.dns],
      ...(labels === undefined ? {} : { labels }),
      ...(taints === undefined ? {} : { taints }),
      ...(capacity === undefined ? {} : { capacity }),
      ...(allocatable === undefined ? {} : { allocatable }),
    };
    const kubelet = createKubelet(kubeletOptions);
    const projector = createSecretProjector({
      nodeName: name,
      files: runtime.files,
      volumes,
      allocatable: kubeletSettings(kubeletOptions).allocatable,
    });
    const manager = createManager({
      environment,
      name: `kubelet-${name}`,
      clientFor: () => server.client(nodeUser(name)),
      selectors: ownObjects(name),
      componentFor: () => ({ component: 'kubelet', host: name }),
    });
    await manager.add(projector);
    await manager.add(kubelet);
    machine.kubelet = kubelet;
    machine.manager = manager;
    return { begun: manager.start() };
  }

  async #stop(machine: Machine): Promise<void> {
    await this.#stopKubelet(machine);
    await machine.runtime?.close();
    machine.runtime = undefined;
  }

  async #stopKubelet(machine: Machine): Promise<void> {
    const { manager } = machine;
    machine.manager = undefined;
    machine.kubelet = undefined;
    await manager?.stop();
  }
}

/** Switches a machine on or off after whatever was asked for before. */
function inOrder<T>(machine: Machine, task: () => Promise<T>): Promise<T> {
  const done = machine.switching.then(task);
  // Whoever asked for it learns of its failure.
  machine.switching = done.then(
    () => undefined,
    () => undefined,
  );
  return done;
}

/** What a node's cache keeps of the kinds of which a kubelet may see only its own. */
function ownObjects(nodeName: string): CacheOptions['selectors'] {
  const selectors = kubeletCacheSelectors(nodeName);
  return new Map([Pod, Node].map((kind) => [kind, { fieldSelector: selectors[kind.kind] ?? '' }]));
}
