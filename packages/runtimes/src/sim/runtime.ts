import type { Clock, Milliseconds, Random, Work } from '@orrery/core';
import { type Observable, Subject } from 'rxjs';
import {
  type ContainerConfig,
  type ContainerEvent,
  type ContainerRuntime,
  type ContainerStatus,
  type ContainerUsage,
  type ImageAuth,
  type ImageInfo,
  type LogEntry,
  type NodeFiles,
  type NodeUsage,
  type PodNetwork,
  type PodSandboxConfig,
  type PodSandboxStatus,
  type RuntimeCondition,
  RuntimeError,
} from '../runtime.ts';
import type { AttachRequest, ExecRequest, PortConnection, StreamSession } from '../streams.ts';
import { Container, commandLine } from './container.ts';
import { sandboxFiles } from './container-files.ts';
import { textOf } from './files/tree.ts';
import { catalogue } from './images/catalogue/index.ts';
import { pauseProgram } from './images/catalogue/systems.ts';
import type { Image } from './images/image.ts';
import { ImageStore } from './images/image-store.ts';
import { ConnectError, type SimNetwork } from './network/network.ts';
import { NetworkNamespace } from './network/network-namespace.ts';
import { SimPodNetwork } from './network/pod-network.ts';
import { createHost, type Host, SimNode, type SimNodeOptions } from './node.ts';
import { NullDescription } from './process/description.ts';
import { PidNamespace } from './process/pid-namespace.ts';
import { Memory, type Realm } from './process/realm.ts';
import { Sandbox } from './sandbox.ts';
import { openAttach, openExec, openForward } from './sessions.ts';
import { containerUsage, NodeUsageMeter } from './usage.ts';

export interface SimRuntimeOptions {
  readonly node: SimNodeOptions;
  /** Shared by all nodes of a cluster. */
  readonly network: SimNetwork;
  /** Shared by all nodes of a cluster. Default: one of its own. */
  readonly host?: Host;
  /** More images than the catalogue's; they hide those of the same name. */
  readonly images?: readonly Image[];
  /** Time to pull an image that is not on the node, in milliseconds. Default 0. */
  readonly pullLatency?: Milliseconds | ((image: ImageInfo) => Milliseconds);
  readonly clock: Clock;
  readonly random: Random;
  readonly work: Work;
}

/** A container runtime whose node can be cut off. */
export interface SimulatedRuntime extends ContainerRuntime {
  /** Removes or restores the network plugin. Running Pods keep their network. */
  setNetworkReady(ready: boolean): void;
  /** Cuts the node off the cluster's network, or rejoins it. Its processes keep running, unreachable for the others. */
  setConnected(connected: boolean): void;
}

/** A container runtime in process: containers are programs in TypeScript and shell scripts, in the time of the given clock. */
export function createSimRuntime(options: SimRuntimeOptions): SimulatedRuntime {
  return new SimRuntime(options);
}

/** Names of RuntimeClass handlers that this runtime answers to. */
const runtimeHandlers: ReadonlySet<string> = new Set(['', 'runc', 'sim']);

const allReady: readonly RuntimeCondition[] = [
  { type: 'RuntimeReady', status: true, reason: '', message: '' },
  { type: 'NetworkReady', status: true, reason: '', message: '' },
];
const noNetwork: readonly RuntimeCondition[] = [
  { type: 'RuntimeReady', status: true, reason: '', message: '' },
  {
    type: 'NetworkReady',
    status: false,
    reason: 'NetworkPluginNotReady',
    message: 'Network plugin returns error: cni plugin not initialized',
  },
];

/** As the pause image has it. */
const pauseUser = { uid: 65_535, gid: 65_535, groups: [] };

class SimRuntime implements SimulatedRuntime {
  readonly name = 'sim';
  readonly version = '0.1.0';
  readonly files: NodeFiles;
  readonly network: PodNetwork;
  readonly #node: SimNode;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #cluster: SimNetwork;
  readonly #images: ImageStore;
  readonly #pullLatency: (image: ImageInfo) => Milliseconds;
  readonly #sandboxes = new Map<string, Sandbox>();
  readonly #containers = new Map<string, Container>();
  readonly #events = new Subject<ContainerEvent>();
  readonly #logs = { bytes: 0 };
  readonly #usage: NodeUsageMeter;
  #conditions = allReady;
  #closed = false;

  constructor(options: SimRuntimeOptions) {
    const { node, clock, random, network, images = [], pullLatency = 0 } = options;
    this.#clock = clock;
    this.#random = random;
    this.#cluster = network;
    this.#node = new SimNode(node, { ...options, host: options.host ?? createHost(options.work) });
    this.files = this.#node.files;
    this.network = new SimPodNetwork(network, this.#node.network, this.#node.kernel);
    this.#images = new ImageStore([...catalogue, ...images]);
    this.#pullLatency = typeof pullLatency === 'function' ? pullLatency : () => pullLatency;
    this.#usage = new NodeUsageMeter({
      changes: this.#node.changes,
      memory: this.#node.realm.memory,
      logs: this.#logs,
      root: this.#node.files.table.root.node,
      processes: this.#node.kernel.processes.processes,
      containers: () => this.#containers.values(),
      imageBytes: () => this.#images.bytes,
    });
  }

  #newId(): string {
    return Array.from(this.#random.bytes(32), (byte) => byte.toString(16).padStart(2, '0')).join('');
  }

  async runPodSandbox(config: PodSandboxConfig): Promise<string> {
    this.#open();
    if (!runtimeHandlers.has(config.runtimeHandler)) {
      throw new RuntimeError(
        'Unknown',
        `failed to get sandbox runtime: no runtime for "${config.runtimeHandler}" is configured`,
      );
    }
    const { kernel, changes, network: host } = this.#node;
    const onHost = config.namespaces.network === 'NODE';
    if (!onHost && this.#conditions === noNetwork) {
      throw new RuntimeError('Unknown', 'failed to setup network for sandbox: cni plugin not initialized');
    }
    const network = onHost ? host : new NetworkNamespace('', host.link);
    if (!onHost) {
      network.ip = this.#node.addresses.take();
      this.#cluster.hosts.set(network.ip, network);
    }
    const { pid } = config.namespaces;
    const hostname = config.hostname || (onHost ? this.#node.machine.node : config.metadata.name);
    const layer = { now: () => this.#clock.now(), changes, disk: this.#node.disk };
    const sandbox = new Sandbox({
      id: this.#newId(),
      config,
      createdAt: this.#clock.now(),
      hostname,
      network,
      ips: onHost ? [] : [network.ip],
      files: sandboxFiles(layer, {
        hostname,
        ip: network.ip,
        dns: config.dns,
        nodeResolvConf: textOf(this.files.readFile('/etc/resolv.conf')),
        nodeShm: config.namespaces.ipc === 'NODE' ? this.#node.sharedMemory() : undefined,
      }),
      sharedProcesses:
        pid === 'NODE' ? kernel.processes : pid === 'POD' ? new PidNamespace(kernel.processes) : undefined,
    });
    this.#sandboxes.set(sandbox.id, sandbox);
    this.#startPause(sandbox);
    for (const { hostPort, containerPort } of config.portMappings) {
      if (hostPort > 0 && !onHost)
        this.#cluster.routes.set(host.ip, hostPort, [{ ip: network.ip, port: containerPort }]);
    }
    this.#emit('CREATED', sandbox, sandbox.id);
    this.#emit('STARTED', sandbox, sandbox.id);
    return sandbox.id;
  }

  #startPause(sandbox: Sandbox): void {
    const realm: Realm = {
      ...this.#node.realm,
      hostname: sandbox.hostname,
      processes: sandbox.sharedProcesses ?? new PidNamespace(this.#node.kernel.processes),
      network: sandbox.network,
      memory: new Memory(0, () => {}),
      pace: { epoch: 0, steps: 0, since: 0 },
      members: new Set(),
    };
    const process = this.#node.newProcess(['/pause'], realm, pauseUser);
    process.redirect(0, new NullDescription());
    process.redirect(1, new NullDescription());
    process.redirect(2, new NullDescription());
    sandbox.pause = process;
    process.whenEnded(() => this.#sandboxEnded(sandbox));
    process.start(pauseProgram);
  }

  /** The infra container is gone for whatever reason: the Pod's network and containers go with it. */
  #sandboxEnded(sandbox: Sandbox): void {
    if (sandbox.state === 'NOTREADY') return;
    sandbox.state = 'NOTREADY';
    for (const container of sandbox.containers) container.kill();
    if (sandbox.network !== this.#node.network) {
      for (const { hostPort } of sandbox.config.portMappings) {
        if (hostPort > 0) this.#cluster.routes.delete(this.#node.network.ip, hostPort);
      }
      this.#node.addresses.free(sandbox.network.ip);
      this.#cluster.leave(sandbox.network);
    }
    this.#emit('STOPPED', sandbox, sandbox.id);
  }

  async stopPodSandbox(id: string): Promise<void> {
    const sandbox = this.#sandboxes.get(id);
    if (sandbox === undefined) return;
    for (const container of sandbox.containers) container.kill();
    sandbox.pause?.deliver('SIGKILL');
  }

  async removePodSandbox(id: string): Promise<void> {
    const sandbox = this.#sandboxes.get(id);
    if (sandbox === undefined) return;
    await this.stopPodSandbox(id);
    for (const container of [...sandbox.containers]) this.#forget(container);
    this.#sandboxes.delete(id);
    this.#emit('DELETED', sandbox, id);
  }

  podSandboxStatus(id: string): PodSandboxStatus {
    return this.#sandbox(id).status();
  }

  listPodSandboxes(): readonly PodSandboxStatus[] {
    return [...this.#sandboxes.values()].map((sandbox) => sandbox.status());
  }

  async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    this.#open();
    const sandbox = this.#sandbox(sandboxId);
    if (sandbox.state !== 'READY') throw new RuntimeError('Unknown', `sandbox container "${sandboxId}" is not running`);
    const found = this.#images.find(config.image);
    if (found === undefined) {
      throw new RuntimeError('ImageNotFound', `failed to resolve image "${config.image}": image not found`);
    }
    const id = this.#newId();
    if (commandLine(config, found.image).length === 0) {
      const why = 'failed to generate spec: no command specified';
      throw new RuntimeError('Unknown', `failed to generate container "${id}" spec: ${why}`);
    }
    const { targetContainerId } = config.security;
    const container = new Container({
      id,
      sandbox,
      config,
      image: found.image,
      imageRef: found.info.imageRef,
      kernel: this.#node.kernel,
      machine: this.#node.machine,
      node: this.#node.files,
      changes: this.#node.changes,
      host: this.#node.host,
      memory: this.#node.realm.memory,
      logs: this.#logs,
      target: targetContainerId === undefined ? undefined : this.#containers.get(targetContainerId),
      ended: (ended) => this.#emit('STOPPED', sandbox, ended.id),
    });
    this.#containers.set(container.id, container);
    sandbox.containers.add(container);
    this.#emit('CREATED', sandbox, container.id);
    return container.id;
  }

  async startContainer(id: string): Promise<void> {
    const container = this.#container(id);
    container.start(() => this.#emit('STARTED', container.sandbox, id));
  }

  async stopContainer(id: string, grace: Milliseconds): Promise<void> {
    const container = this.#containers.get(id);
    const process = container?.process;
    if (container === undefined || process === undefined || process.ended) return;
    if (grace <= 0) return container.kill();
    container.stop();
    if (process.ended) return;
    await new Promise<void>((resolve) => {
      const timer = this.#clock.schedule(grace, () => container.kill());
      process.whenEnded(() => {
        timer[Symbol.dispose]();
        resolve();
      });
    });
  }

  async updateContainerResources(id: string, { memoryLimitBytes }: ContainerConfig['resources']): Promise<void> {
    this.#container(id).limitMemory(memoryLimitBytes);
  }

  async removeContainer(id: string): Promise<void> {
    const container = this.#containers.get(id);
    if (container !== undefined) this.#forget(container);
  }

  #forget(container: Container): void {
    container.kill();
    container.log.end();
    container.log.discard();
    container.disk.close();
    this.#node.changes.count++;
    this.#containers.delete(container.id);
    container.sandbox.containers.delete(container);
    this.#emit('DELETED', container.sandbox, container.id);
  }

  containerStatus(id: string): ContainerStatus {
    return this.#container(id).status();
  }

  listContainers(): readonly ContainerStatus[] {
    return [...this.#containers.values()].map((container) => container.status());
  }

  events(): Observable<ContainerEvent> {
    return this.#events;
  }

  #emit(type: ContainerEvent['type'], sandbox: Sandbox, containerId: string): void {
    this.#events.next({ type, sandboxId: sandbox.id, podUid: sandbox.config.metadata.uid, containerId });
  }

  async execSync(
    id: string,
    command: readonly string[],
    timeout: Milliseconds,
  ): Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }> {
    const container = this.#container(id);
    const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
    const text = { stdout: '', stderr: '' };
    const process = container.exec(command, new NullDescription(), (stream, bytes) => {
      // The kubelet accepts at most 16 MiB.
      if (text[stream].length < 16_777_216) text[stream] += decoders[stream].decode(bytes, { stream: true });
    });
    if (!process.ended) {
      await new Promise<void>((resolve, reject) => {
        const timer =
          timeout > 0
            ? this.#clock.schedule(timeout, () => {
                this.#node.kernel.activity.pulse();
                reject(
                  new RuntimeError(
                    'DeadlineExceeded',
                    `failed to exec in container: timeout ${timeout / 1000}s exceeded: context deadline exceeded`,
                  ),
                );
                process.deliver('SIGKILL');
              })
            : undefined;
        process.whenEnded(() => {
          timer?.[Symbol.dispose]();
          resolve();
        });
      });
    }
    return { exitCode: process.exitCode ?? 0, ...text };
  }

  async exec(id: string, request: ExecRequest): Promise<StreamSession> {
    return openExec(this.#container(id), request);
  }

  async attach(id: string, request: AttachRequest): Promise<StreamSession> {
    const container = this.#container(id);
    if (container.state !== 'RUNNING') throw new RuntimeError('Unknown', `container ${id} is not running`);
    return openAttach(container, request);
  }

  async portForward(sandboxId: string, port: number): Promise<PortConnection> {
    const sandbox = this.#sandbox(sandboxId);
    try {
      return openForward(this.#cluster.connect(sandbox.network, '127.0.0.1', port));
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      throw new RuntimeError(
        'Unknown',
        `failed to execute portforward in network namespace "default": failed to connect to localhost:${port} inside namespace "default", IPv4: dial tcp4 127.0.0.1:${port}: connect: connection refused IPv6 dial tcp6 [::1]:${port}: connect: connection refused`,
      );
    }
  }

  logs(id: string, { follow }: { readonly follow: boolean }): Observable<LogEntry> {
    return this.#container(id).log.read(follow);
  }

  async pullImage(ref: string, auth?: ImageAuth): Promise<ImageInfo> {
    this.#open();
    const present = this.#images.find(ref) !== undefined;
    const { info, store } = this.#images.resolve(ref, auth);
    const latency = present ? 0 : this.#pullLatency(info);
    if (latency > 0) await this.#clock.sleep(latency);
    store();
    return info;
  }

  imageStatus(ref: string): ImageInfo | undefined {
    return this.#images.find(ref)?.info;
  }

  listImages(): readonly (ImageInfo & { readonly names: readonly string[] })[] {
    return this.#images.list();
  }

  status(): readonly RuntimeCondition[] {
    return this.#conditions;
  }

  setNetworkReady(ready: boolean): void {
    this.#conditions = ready ? allReady : noNetwork;
  }

  removeImage(imageRef: string): void {
    this.#images.remove(imageRef);
  }

  nodeUsage(): NodeUsage {
    return this.#usage.read();
  }

  containerUsage(id: string): ContainerUsage {
    return containerUsage(this.#container(id));
  }

  setConnected(connected: boolean): void {
    this.#node.network.link.up = connected;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const id of [...this.#sandboxes.keys()]) await this.removePodSandbox(id);
    this.#node.halt();
    this.#cluster.leave(this.#node.network);
    this.#events.complete();
  }

  #open(): void {
    if (this.#closed) throw new RuntimeError('Unknown', 'the runtime is closed');
  }

  #sandbox(id: string): Sandbox {
    const sandbox = this.#sandboxes.get(id);
    if (sandbox === undefined)
      throw new RuntimeError('NotFound', `an error occurred when try to find sandbox: not found: ${id}`);
    return sandbox;
  }

  #container(id: string): Container {
    const container = this.#containers.get(id);
    if (container === undefined)
      throw new RuntimeError('NotFound', `an error occurred when try to find container "${id}": not found`);
    return container;
  }
}
