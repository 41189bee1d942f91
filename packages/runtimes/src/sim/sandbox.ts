import type { PodSandboxConfig, PodSandboxStatus } from '../runtime.ts';
import type { Container } from './container.ts';
import type { SandboxFiles } from './container-files.ts';
import type { NetworkNamespace } from './network/network-namespace.ts';
import type { PidNamespace } from './process/pid-namespace.ts';
import type { Process } from './process/process.ts';

/** A Pod's sandbox: its infra container with the namespaces that the Pod's containers share. */
export class Sandbox {
  readonly id: string;
  readonly config: PodSandboxConfig;
  readonly createdAt: number;
  readonly hostname: string;
  readonly network: NetworkNamespace;
  readonly files: SandboxFiles;
  /** Absent where each container has its own namespace. */
  readonly sharedProcesses: PidNamespace | undefined;
  readonly containers = new Set<Container>();
  /** The infra container's process; set once, right after the sandbox is made. */
  pause: Process | undefined;
  ips: readonly string[];
  state: 'READY' | 'NOTREADY' = 'READY';

  constructor(options: {
    readonly id: string;
    readonly config: PodSandboxConfig;
    readonly createdAt: number;
    readonly hostname: string;
    readonly network: NetworkNamespace;
    readonly ips: readonly string[];
    readonly files: SandboxFiles;
    readonly sharedProcesses: PidNamespace | undefined;
  }) {
    this.id = options.id;
    this.config = options.config;
    this.createdAt = options.createdAt;
    this.hostname = options.hostname;
    this.network = options.network;
    this.ips = options.ips;
    this.files = options.files;
    this.sharedProcesses = options.sharedProcesses;
  }

  status(): PodSandboxStatus {
    const { id, state, createdAt, ips } = this;
    return { id, metadata: this.config.metadata, state, createdAt, ips };
  }
}
