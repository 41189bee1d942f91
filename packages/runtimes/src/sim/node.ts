import type { Clock, Random, Work } from '@orrery/core';
import { DiskShare, HostDisk } from './files/disk.ts';
import { type Credentials, type FileView, newFileView, superuser } from './files/file-view.ts';
import { type Layer, newDevice, type TreeNode } from './files/tree.ts';
import { AddressPool } from './network/address-pool.ts';
import type { SimNetwork } from './network/network.ts';
import type { NetworkNamespace } from './network/network-namespace.ts';
import { Activity } from './process/activity.ts';
import { ComputeTurns } from './process/compute-turns.ts';
import { heapLimit } from './process/heap-limit.ts';
import { HostMemory } from './process/host-memory.ts';
import { PidNamespace } from './process/pid-namespace.ts';
import { type Kernel, Process } from './process/process.ts';
import { type Machine, Memory, type Realm, worst } from './process/realm.ts';

/** A simulated machine. */
export interface SimNodeOptions {
  readonly name: string;
  readonly ip: string;
  /** Addresses of its Pods: `10.244.1.0/24`. */
  readonly podCidr: string;
  /** Default 4. */
  readonly cpus?: number;
  /** Default 8 GiB. */
  readonly memoryBytes?: number;
  /** Default `6.12.0`. */
  readonly kernelVersion?: string;
}

/** What all machines of one cluster share of the process that simulates them. */
export interface Host {
  readonly turns: ComputeTurns;
  readonly memory: HostMemory;
  readonly disk: HostDisk;
  /** Bytes of the logs of all containers, and how many there is room for. */
  readonly logs: { bytes: number; readonly room: number };
}

/**
 * A host of simulated machines. `memoryBytes`: what their programs may hold, and their files as much again. Default: a sixth of what the
 * heap of this process can have; in simulation 256 MiB, so that the machine has no say in what happens.
 */
export function createHost(work: Work, memoryBytes = work.ordered ? simulatedHostMemory : heapLimit() / 6): Host {
  return {
    turns: new ComputeTurns(work),
    memory: new HostMemory(memoryBytes),
    disk: new HostDisk(memoryBytes),
    logs: { bytes: 0, room: memoryBytes / 4 },
  };
}

const simulatedHostMemory = 256 * 1024 ** 2;

/** A node's kernel, files, addresses, and the system's own processes. */
export class SimNode {
  readonly kernel: Kernel;
  readonly machine: Machine;
  readonly files: FileView;
  readonly host: Host;
  /** What its own files take, among them volumes. */
  readonly disk: DiskShare;
  readonly changes = { count: 0 };
  readonly network: NetworkNamespace;
  readonly addresses: AddressPool;
  /** What surrounds processes outside of any container. */
  readonly realm: Realm;

  constructor(
    options: SimNodeOptions,
    environment: {
      readonly clock: Clock;
      readonly random: Random;
      readonly work: Work;
      readonly network: SimNetwork;
      readonly host: Host;
    },
  ) {
    const { clock, random, work, network, host } = environment;
    this.kernel = {
      clock,
      random,
      work,
      activity: new Activity(work, `containers of ${options.name}`),
      network,
      processes: new PidNamespace(),
      turns: host.turns,
      host: host.memory,
    };
    this.machine = {
      node: options.name,
      cpus: options.cpus ?? 4,
      memoryBytes: options.memoryBytes ?? 8 * 1024 ** 3,
      kernelVersion: options.kernelVersion ?? '6.12.0',
      bootedAt: clock.now(),
    };
    this.host = host;
    this.disk = new DiskShare(host.disk);
    const layer: Layer = { now: () => clock.now(), changes: this.changes, disk: this.disk };
    this.files = newFileView(layer);
    this.network = network.join(options.ip);
    this.addresses = new AddressPool(options.podCidr);
    this.realm = {
      hostname: options.name,
      processes: this.kernel.processes,
      network: this.network,
      memory: new Memory(this.machine.memoryBytes, () =>
        worst(this.kernel.processes.processes.values())?.killForMemory(),
      ),
      flavor: 'gnu',
      machine: this.machine,
      pace: { epoch: 0, steps: 0, since: 0 },
      members: new Set(),
    };
    this.#furnish(options);
    for (const argv of [
      ['/sbin/init'],
      ['/usr/bin/containerd'],
      ['/usr/bin/kubelet', `--hostname-override=${options.name}`],
    ]) {
      const process = this.newProcess(argv);
      process.start((own) => own.forever());
    }
  }

  /** Its `/dev/shm`. */
  sharedMemory(): TreeNode {
    if (this.files.find('/dev/shm') === undefined) this.files.mkdir('/dev/shm', { mode: 0o1777 });
    return this.files.lookup('/dev/shm');
  }

  /** A process of the node itself. */
  newProcess(argv: readonly string[], realm: Realm = this.realm, credentials: Credentials = superuser): Process {
    return new Process({
      kernel: this.kernel,
      realm,
      argv,
      environment: new Map(),
      directory: '/',
      files: this.files.as(credentials),
      descriptors: [],
    });
  }

  #furnish({ name, ip }: SimNodeOptions): void {
    const { files } = this;
    for (const path of ['/etc', '/home', '/root', '/run', '/tmp', '/usr/bin', '/var/lib/kubelet', '/var/log'])
      files.mkdir(path);
    files.chmod('/tmp', 0o1777);
    files.symlink('/run', '/var/run');
    files.writeFile('/etc/hostname', `${name}\n`);
    files.writeFile('/etc/hosts', `127.0.0.1\tlocalhost\n${ip}\t${name}\n`);
    files.writeFile('/etc/resolv.conf', 'nameserver 10.0.0.2\n');
    files.writeFile('/etc/os-release', 'PRETTY_NAME="Orrery Simulated Linux"\nNAME="Orrery"\nID=orrery\n');
    files.writeFile('/etc/machine-id', `${name}\n`);
    files.mkdir('/dev');
    for (const device of ['null', 'zero', 'urandom'])
      files.place(`/dev/${device}`, (layer) => newDevice(layer, device));
    files.mkdir('/run/containerd');
    files.place('/run/containerd/containerd.sock', (layer) => ({
      kind: 'socket',
      layer,
      mode: 0o660,
      uid: 0,
      gid: 0,
      mtime: layer.now(),
    }));
  }

  /** Ends everything that runs. */
  halt(): void {
    for (const [, process] of this.kernel.processes.list()) process.deliver('SIGKILL');
    this.disk.close();
  }
}
