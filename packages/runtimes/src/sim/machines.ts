import { Ipv4Range, parseQuantity } from '@orrery/api';
import type { Environment, Milliseconds, Random } from '@orrery/core';
import type {
  ContainerApi,
  Machine,
  MachineProvider,
  MachineRequest,
  MachineResources,
  Machines,
} from '../machines.ts';
import type { ImageInfo } from '../runtime.ts';
import type { Image } from './images/image.ts';
import { SimNetwork } from './network/network.ts';
import { createHost, type Host } from './node.ts';
import { createSimRuntime, type SimRuntimeOptions, type SimulatedRuntime } from './runtime.ts';

/** Options of simulated machines. */
export interface SimulatedMachinesOptions {
  /** More images than the catalogue's and the plugins'; they hide those of the same name. */
  readonly images?: readonly Image[];
  /** Time to pull an image that is not on the node, in milliseconds. Default 0. */
  readonly pullLatency?: Milliseconds | ((image: ImageInfo) => Milliseconds);
  /**
   * Bytes of this process' memory that the programs of all machines may hold together, whatever memory the machines are said to have;
   * beyond, whichever holds most is OOM killed. Their files may have as much again; then the disks are full. Default: a sixth of what
   * the heap can have (`node --max-old-space-size`), which is room for some 40,000 small Pods in 4 GB; in simulation 256 MiB.
   */
  readonly memoryBytes?: number;
}

/** Machines in this process. */
export interface SimulatedMachines extends Machines {
  readonly network: SimNetwork;
  machine(request: MachineRequest): Machine;
  /** A node's runtime, while its machine is on. */
  runtime(name: string): SimulatedRuntime | undefined;
}

/**
 * Machines in this process: containers are programs in TypeScript, in the cluster's own time, on a network that no packet ever
 * leaves. Their addresses are those of 192.168.0.0/16 from 192.168.0.11 on.
 */
export function simulatedMachines(options: SimulatedMachinesOptions = {}): MachineProvider<SimulatedMachines> {
  return ({ environment, plugins }) => {
    const images = [...(options.images ?? []), ...plugins.flatMap((plugin) => plugin.images ?? [])];
    return new MachineRoom(environment, { ...options, images });
  };
}

/** The network of the machines and the API server, whose address comes right before the first machine's. */
const nodeNetwork = Ipv4Range.of('192.168.0.0/16');
const apiServerOffset = 10;

class MachineRoom implements SimulatedMachines {
  readonly network = new SimNetwork();
  readonly apiServer = { ip: nodeNetwork.at(apiServerOffset), port: 6443 };
  readonly #environment: Environment;
  readonly #options: SimulatedMachinesOptions;
  readonly #machines = new Map<string, SimulatedMachine>();
  readonly #host: Host;

  constructor(environment: Environment, options: SimulatedMachinesOptions) {
    this.#environment = environment;
    this.#options = options;
    this.#host = createHost(environment.work, options.memoryBytes);
  }

  machine(request: MachineRequest): Machine {
    const { name } = request;
    const known = this.#machines.get(name);
    if (known !== undefined) return known;
    const { clock, random, work } = this.#environment;
    const own = { clock, random: random.fork(`runtime-${name}`), work };
    const ip = machineAddress(this.#machines.size);
    const machine = new SimulatedMachine(ip, request, {
      ...this.#options,
      ...own,
      network: this.network,
      host: this.#host,
    });
    this.#machines.set(name, machine);
    return machine;
  }

  runtime(name: string): SimulatedRuntime | undefined {
    return this.#machines.get(name)?.runtime;
  }

  async serveApi({ handle, certificateAuthority }: ContainerApi): Promise<AsyncDisposable> {
    const { ip, port } = this.apiServer;
    const listener = this.network.serve(ip, port, handle, { tls: { certificateAuthority } });
    return { [Symbol.asyncDispose]: async () => listener[Symbol.dispose]() };
  }

  async close(): Promise<void> {
    for (const machine of this.#machines.values()) await machine.powerOff();
  }
}

/** The address of the n-th machine (from 0). @throws Error if the network has no more */
export function machineAddress(index: number): string {
  const offset = apiServerOffset + 1 + index;
  // The last address is the broadcast address.
  if (offset >= nodeNetwork.size - 1)
    throw new Error(
      `no address is left for another machine: ${nodeNetwork} has room for ${nodeNetwork.size - apiServerOffset - 2}`,
    );
  return nodeNetwork.at(offset);
}

class SimulatedMachine implements Machine {
  readonly ip: string;
  readonly architecture = 'amd64';
  readonly operatingSystem = 'linux';
  runtime: SimulatedRuntime | undefined;
  readonly #options: SimRuntimeOptions;

  constructor(
    ip: string,
    request: MachineRequest,
    options: Omit<SimRuntimeOptions, 'node'> & { readonly random: Random },
  ) {
    const { name, podCidr, capacity = {} } = request;
    this.ip = ip;
    this.#options = { ...options, node: { name, ip, podCidr, ...hardware(capacity) } };
  }

  async powerOn(): Promise<SimulatedRuntime> {
    this.runtime ??= createSimRuntime(this.#options);
    return this.runtime;
  }

  async powerOff(): Promise<void> {
    const { runtime } = this;
    this.runtime = undefined;
    await runtime?.close();
  }
}

function hardware({ cpu, memory }: MachineResources): { readonly cpus?: number; readonly memoryBytes?: number } {
  return {
    ...(cpu === undefined ? {} : { cpus: parseQuantity(cpu).value() }),
    ...(memory === undefined ? {} : { memoryBytes: parseQuantity(memory).value() }),
  };
}
