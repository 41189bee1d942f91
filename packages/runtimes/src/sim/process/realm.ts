import type { NetworkNamespace } from '../network/network-namespace.ts';
import type { PidNamespace } from './pid-namespace.ts';
import type { Process } from './process.ts';

/** Whose words the tools of an image use: BusyBox's or those of GNU's coreutils. */
export type Flavor = 'busybox' | 'gnu';

/** What surrounds the processes of one container: its namespaces and its memory. */
export interface Realm {
  /** Of the UTS namespace. */
  readonly hostname: string;
  readonly processes: PidNamespace;
  readonly network: NetworkNamespace;
  readonly memory: Memory;
  readonly flavor: Flavor;
  /** The node's name and what the kernel reports of the machine. */
  readonly machine: Machine;
  /** How much was computed since all processes of the node last waited, and since when (milliseconds since the epoch). */
  readonly pace: { epoch: number; steps: number; since: number };
  /** Its running processes. */
  readonly members: Set<Process>;
}

export interface Machine {
  readonly node: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** `uname -r` */
  readonly kernelVersion: string;
  /** Milliseconds since the epoch. */
  readonly bootedAt: number;
}

/** Memory of a container or of a machine, as its cgroup counts it. */
export class Memory {
  /** Bytes; 0 is no limit. */
  limit: number;
  used = 0;
  readonly #exceeded: () => void;
  readonly #machine: Memory | undefined;

  /** `exceeded` is the kernel's out-of-memory killer; `machine` is the memory that this is a part of. */
  constructor(limit: number, exceeded: () => void, machine?: Memory) {
    this.limit = limit;
    this.#exceeded = exceeded;
    this.#machine = machine;
  }

  charge(bytes: number): void {
    this.used += bytes;
    if (bytes > 0 && this.limit > 0 && this.used > this.limit) this.#exceeded();
    this.#machine?.charge(bytes);
  }

  /** What is in it is killed for want of memory. */
  kill(): void {
    this.#exceeded();
  }
}

/** The process that has most memory: whom the out-of-memory killer of Linux chooses first (`/proc/PID/oom_score`). */
export function worst(processes: Iterable<Process>): Process | undefined {
  let worst: Process | undefined;
  for (const process of processes) if (process.memory > (worst?.memory ?? 0)) worst = process;
  return worst;
}
