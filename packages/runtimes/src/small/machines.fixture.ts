import type { Environment } from '@orrery/core';
import type { ContainerApi, Machine, MachineProvider, MachineRequest, Machines } from '../machines.ts';
import { SmallNetwork } from './network.fixture.ts';
import { SmallRuntime } from './runtime.fixture.ts';

/** Machines for tests that share nothing with the simulated ones but the contract. */
export interface SmallMachines extends Machines {
  /** What happened to them, in order: `node1 on`, `node1 off`, `closed`. */
  readonly log: readonly string[];
}

/**
 * A second implementation of {@link Machines}, as small as the contract allows: containers have a handful of commands (see
 * {@link SmallRuntime}), the network is three tables, machines report addresses and hardware of their own, and every call takes
 * a turn, as a call to another machine would take time.
 */
export function smallMachines(): MachineProvider<SmallMachines> {
  return async ({ environment, clusterDns }) => {
    await environment.work.turn('small machines');
    return new SmallMachineRoom(environment, clusterDns);
  };
}

class SmallMachineRoom implements SmallMachines {
  readonly log: string[] = [];
  readonly apiServer = { ip: '172.20.0.1', port: 8443 };
  readonly network: SmallNetwork;
  readonly #environment: Environment;
  readonly #machines = new Map<string, SmallMachine>();

  constructor(environment: Environment, clusterDns: readonly string[]) {
    this.#environment = environment;
    this.network = new SmallNetwork(environment.work, clusterDns);
  }

  async machine(request: MachineRequest): Promise<Machine> {
    let machine = this.#machines.get(request.name);
    if (machine === undefined) {
      const ip = `172.20.0.${this.#machines.size + 11}`;
      machine = new SmallMachine(ip, request, this.#environment, this.network, this.log);
      this.#machines.set(request.name, machine);
    }
    await this.#environment.work.turn('small machines');
    return machine;
  }

  async serveApi({ handle, certificateAuthority }: ContainerApi): Promise<AsyncDisposable> {
    const { work } = this.#environment;
    const { ip, port } = this.apiServer;
    await work.turn('small machines');
    const serving = this.network.serve(ip, port, { answer: handle, authority: certificateAuthority });
    return {
      [Symbol.asyncDispose]: async () => {
        await work.turn('small machines');
        serving[Symbol.dispose]();
      },
    };
  }

  async close(): Promise<void> {
    for (const machine of this.#machines.values()) await machine.powerOff();
    this.log.push('closed');
  }
}

class SmallMachine implements Machine {
  readonly ip: string;
  readonly capacity = { cpu: '2', memory: '3Gi', pods: '7' };
  readonly architecture = 'arm64';
  readonly operatingSystem = 'linux';
  readonly #request: MachineRequest;
  readonly #environment: Environment;
  readonly #network: SmallNetwork;
  readonly #log: string[];
  #runtime: SmallRuntime | undefined;
  #boots = 0;

  constructor(ip: string, request: MachineRequest, environment: Environment, network: SmallNetwork, log: string[]) {
    this.ip = ip;
    this.#request = request;
    this.#environment = environment;
    this.#network = network;
    this.#log = log;
  }

  async powerOn(): Promise<SmallRuntime> {
    await this.#environment.work.turn('small machines');
    if (this.#runtime !== undefined) return this.#runtime;
    const { name, podCidr } = this.#request;
    this.#log.push(`${name} on`);
    this.#runtime = new SmallRuntime({
      name: `${name}-${++this.#boots}`,
      ip: this.ip,
      podCidr,
      network: this.#network,
      clock: this.#environment.clock,
    });
    return this.#runtime;
  }

  async powerOff(): Promise<void> {
    await this.#environment.work.turn('small machines');
    const runtime = this.#runtime;
    this.#runtime = undefined;
    if (runtime === undefined) return;
    this.#log.push(`${this.#request.name} off`);
    await runtime.close();
  }
}
