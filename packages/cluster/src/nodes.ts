import { Node, Pod } from '@orrery/api';
import {
  createKubelet,
  createSecretProjector,
  type Kubelet,
  kubeletCacheSelectors,
  kubeletSettings,
  ProjectedVolumes,
} from '@orrery/controllers/node';
import {
  createLogger,
  createManager,
  type Environment,
  errorText,
  type Manager,
  type Milliseconds,
} from '@orrery/core';
import { type CacheOptions, type Link, scheduleRetry } from '@orrery/core/assembly';
import type { ContainerRuntime, Machine, Machines } from '@orrery/runtimes';
import type { NodeApi } from '@orrery/server';
import { type ApiServer, type NodeDirectory, serviceNetwork } from '@orrery/server';
import { nodeUser } from './identities.ts';
import { checkNodeLabels, type NodeOptions } from './node-options.ts';
import type { PodRanges } from './pod-ranges.ts';

/** The operations on the machines of a cluster. */
export interface ClusterNodes extends NodeDirectory {
  /** Names of all nodes, running or not, in the order in which they were added. */
  readonly names: readonly string[];
  /** Whether there is a node of that name. */
  has(name: string): boolean;
  /** The runtime of a node that runs. */
  runtime(name: string): ContainerRuntime | undefined;
  running(name: string): boolean;
  /**
   * Adds a node to the cluster and starts it. @throws Error if the name exists, if it may not have one of its labels, if no Pod
   * range is left for it, or if its machine does not exist or does not start
   */
  add(options: NodeOptions): Promise<void>;
  /** Cuts the power: kubelet and containers are gone at once, without notice. @throws Error for a name that no node has */
  stop(name: string): Promise<void>;
  /**
   * Shuts a machine down: its kubelet ends the Pods within the shutdown's grace period (KEP-2000 "Graceful Node
   * Shutdown"); then it is stopped. @throws Error for a name that no node has
   */
  shutDown(name: string): Promise<void>;
  /** Starts a machine that was stopped; its containers are created again. @throws Error for an unknown name */
  start(name: string): Promise<void>;
  /** Restarts a node's kubelet; its containers go on running. @throws Error for a node that does not run */
  restartKubelet(name: string): Promise<void>;
}

/** The delay before a crashed kubelet is restarted: `RestartSec` of kubeadm's unit. */
const crashedKubeletDelay: Milliseconds = 10_000;

/** A node of the cluster with its machine and its kubelet. */
interface Member {
  readonly options: NodeOptions;
  readonly podCidr: string;
  machine: Machine | undefined;
  /** Set while the machine is on. */
  runtime: ContainerRuntime | undefined;
  kubelet: Kubelet | undefined;
  manager: Manager | undefined;
  /** The timer that restarts a crashed kubelet. */
  comeback: Disposable | undefined;
  /** The end of what last switched it on or off. */
  switching: Promise<void>;
}

/** What all nodes of a cluster share. */
export interface NodesOptions {
  readonly server: ApiServer;
  readonly environment: Environment;
  /** Wraps the clients of every node's loops. Default: no link. */
  readonly link?: Link;
  readonly machines: Machines;
  readonly podRanges: PodRanges;
}

/** Machines with kubelets over one API server. */
export class Nodes implements ClusterNodes {
  readonly #options: NodesOptions;
  readonly #members = new Map<string, Member>();

  constructor(options: NodesOptions) {
    this.#options = options;
  }

  get names(): readonly string[] {
    return [...this.#members.keys()];
  }

  has(name: string): boolean {
    return this.#members.has(name);
  }

  find(nodeName: string): NodeApi | undefined {
    return this.#members.get(nodeName)?.kubelet?.nodeApi;
  }

  runtime(name: string): ContainerRuntime | undefined {
    return this.#members.get(name)?.runtime;
  }

  running(name: string): boolean {
    return this.#members.get(name)?.manager !== undefined;
  }

  async add(options: NodeOptions): Promise<void> {
    const { name } = options;
    if (this.#members.has(name)) throw new Error(`node ${name} already exists`);
    checkNodeLabels(options);
    const { podRanges } = this.#options;
    const hadRange = podRanges.has(name);
    const podCidr = podRanges.take(name);
    const nothing = {
      machine: undefined,
      runtime: undefined,
      kubelet: undefined,
      manager: undefined,
      comeback: undefined,
    };
    const member: Member = { options, podCidr, ...nothing, switching: Promise.resolve() };
    this.#members.set(name, member);
    const { begun } = await inOrder(member, async () => {
      try {
        member.machine = await this.#findMachine(member);
        return await this.#start(member);
      } catch (error) {
        this.#members.delete(name);
        if (!hadRange) podRanges.release(name);
        await this.#stop(member);
        throw error;
      }
    });
    await begun;
  }

  async stop(name: string): Promise<void> {
    const member = this.#member(name);
    await inOrder(member, () => this.#stop(member));
  }

  async shutDown(name: string): Promise<void> {
    const member = this.#member(name);
    const { kubelet, runtime } = member;
    await kubelet?.shutDown();
    // Another call may have switched the machine off meanwhile, and even on again.
    await inOrder(member, async () => {
      if (member.runtime === runtime) await this.#stop(member);
    });
  }

  async start(name: string): Promise<void> {
    const member = this.#member(name);
    const start = () => (member.manager === undefined ? this.#start(member) : undefined);
    await (await inOrder(member, async () => start()))?.begun;
  }

  async restartKubelet(name: string): Promise<void> {
    const member = this.#member(name);
    const { begun } = await inOrder(member, async () => {
      if (member.manager === undefined) throw new Error(`node ${name} does not run`);
      await this.#stopKubelet(member);
      return this.#start(member);
    });
    await begun;
  }

  /** Stops all kubelets; the machines, and what runs on them, are left as they are. */
  async close(): Promise<void> {
    await Promise.all([...this.#members.values()].map((member) => inOrder(member, () => this.#stopKubelet(member))));
  }

  #member(name: string): Member {
    const member = this.#members.get(name);
    if (member === undefined) throw new Error(`there is no node ${name}; there are ${this.names.join(', ')}`);
    return member;
  }

  /** @throws Error if the machine does not exist, or if its address is in the range of Pods */
  async #findMachine({ options: { name, capacity }, podCidr }: Member): Promise<Machine> {
    const { machines, podRanges } = this.#options;
    const machine = await machines.machine({ name, podCidr, ...(capacity === undefined ? {} : { capacity }) });
    podRanges.checkOutside(machine.ip, `node ${name}`);
    return machine;
  }

  /** Starts its kubelet. Only the caller waits until it runs: a machine that never gets that far can be stopped. */
  async #start(member: Member): Promise<{ readonly begun: Promise<void> }> {
    const { environment, server, link } = this.#options;
    const { options, machine, podCidr } = member;
    const { name, labels, taints, allocatable } = options;
    if (machine === undefined) throw new Error(`node ${name} has no machine`);
    const runtime = member.runtime ?? (await machine.powerOn());
    member.runtime = runtime;
    const volumes = new ProjectedVolumes();
    const { architecture, operatingSystem } = machine;
    const kubeletOptions = {
      ...options.kubelet,
      nodeName: name,
      runtime,
      volumes,
      nodeIp: machine.ip,
      podCidr,
      clusterDns: [serviceNetwork.dns],
      architecture,
      operatingSystem,
      capacity: { ...options.capacity, ...machine.capacity },
      ...(labels === undefined ? {} : { labels }),
      ...(taints === undefined ? {} : { taints }),
      ...(allocatable === undefined ? {} : { allocatable }),
    };
    const kubelet = createKubelet(kubeletOptions);
    const projector = createSecretProjector({
      nodeName: name,
      files: runtime.files,
      volumes,
      allocatable: kubeletSettings(kubeletOptions).allocatable,
    });
    const manager: Manager = createManager({
      environment,
      name: `kubelet-${name}`,
      clientFor: () => server.client(nodeUser(name)),
      ...(link === undefined ? {} : { link }),
      crashed: () => this.#restartCrashed(member, manager),
      selectors: ownObjects(name),
      componentFor: () => ({ component: 'kubelet', host: name }),
    });
    await manager.add(projector);
    await manager.add(kubelet);
    member.kubelet = kubelet;
    member.manager = manager;
    return { begun: manager.start() };
  }

  /** Restarts a kubelet that has crashed, unless it was stopped or restarted meanwhile. */
  #restartCrashed(member: Member, crashed: Manager): void {
    const { environment } = this.#options;
    const { clock, inspector } = environment;
    const actor = `kubelet-${member.options.name}`;
    const retry = { actor, key: 'restart', attempt: 1, error: 'it has crashed', causes: [] };
    member.comeback = scheduleRetry(clock, crashedKubeletDelay, retry, () => {
      const restarted = inOrder(member, async () => {
        if (member.manager !== crashed) return undefined;
        await this.#stopKubelet(member);
        return this.#start(member);
      });
      restarted
        .then((started) => started?.begun)
        .catch((error: unknown) => {
          createLogger(inspector, clock, actor).error('the kubelet does not come back', { error: errorText(error) });
        });
    });
  }

  async #stop(member: Member): Promise<void> {
    await this.#stopKubelet(member);
    member.runtime = undefined;
    await member.machine?.powerOff();
  }

  async #stopKubelet(member: Member): Promise<void> {
    const { manager } = member;
    member.manager = undefined;
    member.kubelet = undefined;
    member.comeback?.[Symbol.dispose]();
    await manager?.stop();
  }
}

/** Switches a machine on or off after all earlier requests for it. */
function inOrder<T>(member: Member, task: () => Promise<T>): Promise<T> {
  const done = member.switching.then(task);
  // The caller of the earlier request handles its failure.
  member.switching = done.then(
    () => undefined,
    () => undefined,
  );
  return done;
}

/** Field selectors of a node's cache, for the kinds of which a kubelet may read only its node's objects. */
function ownObjects(nodeName: string): CacheOptions['selectors'] {
  const selectors = kubeletCacheSelectors(nodeName);
  return new Map([Pod, Node].map((kind) => [kind, { fieldSelector: selectors[kind.kind] ?? '' }]));
}
