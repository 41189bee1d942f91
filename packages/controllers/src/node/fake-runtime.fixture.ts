import type { Clock, Milliseconds } from '@orrery/core';
import {
  type ContainerConfig,
  type ContainerEvent,
  type ContainerRuntime,
  type ContainerStatus,
  type ExecRequest,
  type HttpProbeRequest,
  type HttpProbeResponse,
  type ImageInfo,
  type LogEntry,
  type PodNetwork,
  type PodSandboxConfig,
  type PodSandboxStatus,
  type PortConnection,
  RuntimeError,
  type StreamSession,
} from '@orrery/runtimes';
import { from, type Observable, Subject } from 'rxjs';
import { MemoryFiles } from './memory-files.fixture.ts';

/** What a container of a fake image does. */
export interface FakeProgram {
  /** Exits by itself after so many milliseconds with that code; never without it. A list is one per start. */
  readonly exits?: FakeExit | readonly FakeExit[];
  /** How long it takes to stop after SIGTERM (milliseconds); default 0. Infinity waits for SIGKILL. */
  readonly stopsAfter?: Milliseconds;
  readonly startError?: string;
  /** Answers its exec probes and hooks. */
  exec?(command: readonly string[]): number | Promise<number>;
}

interface FakeExit {
  readonly after: Milliseconds;
  readonly code: number;
  readonly reason?: string;
}

interface FakeContainer {
  status: ContainerStatus;
  readonly config: ContainerConfig;
  readonly logs: LogEntry[];
  readonly ended: Subject<void>;
  timer: Disposable | undefined;
}

interface FakeSandbox {
  status: PodSandboxStatus;
  readonly config: PodSandboxConfig;
}

/** A small runtime on the test's clock: no processes, only what the test says that images do. */
export class FakeRuntime implements ContainerRuntime {
  readonly name = 'fake';
  readonly version = '1.0';
  readonly files = new MemoryFiles();
  readonly programs = new Map<string, FakeProgram>();
  /** What was asked of the runtime, in order. */
  readonly calls: string[] = [];
  readonly containers = new Map<string, FakeContainer>();
  readonly sandboxes = new Map<string, FakeSandbox>();
  readonly pulled = new Set<string>();
  /** Answers httpGet probes. */
  http: (request: HttpProbeRequest) => HttpProbeResponse | Promise<HttpProbeResponse> = () => ({
    status: 200,
    body: '',
    headers: {},
  });
  tcp: (host: string, port: number) => void = () => undefined;
  readonly #clock: Clock;
  readonly #events = new Subject<ContainerEvent>();
  readonly #starts = new Map<string, number>();
  #ids = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  readonly network: PodNetwork = {
    httpGet: (request) => this.http(request),
    connect: (host, port) => this.tcp(host, port),
    grpcHealth: () => 'SERVING',
  };

  /** Containers by name that run. */
  running(): string[] {
    return [...this.containers.values()]
      .filter(({ status }) => status.state === 'RUNNING')
      .map(({ status }) => status.metadata.name)
      .sort();
  }

  async runPodSandbox(config: PodSandboxConfig): Promise<string> {
    const id = `sandbox-${++this.#ids}`;
    this.calls.push(`sandbox ${config.metadata.name} ${config.metadata.attempt}`);
    const ips = config.namespaces.network === 'NODE' ? [] : [`10.0.0.${this.#ids}`];
    const createdAt = this.#clock.now();
    this.sandboxes.set(id, { config, status: { id, metadata: config.metadata, state: 'READY', createdAt, ips } });
    this.#emit('STARTED', id, id);
    return id;
  }

  async stopPodSandbox(id: string): Promise<void> {
    const sandbox = this.sandboxes.get(id);
    if (sandbox === undefined || sandbox.status.state === 'NOTREADY') return;
    for (const [containerId, { status }] of this.containers) {
      if (status.sandboxId === id && status.state === 'RUNNING') this.end(containerId, 137, 'Error');
    }
    sandbox.status = { ...sandbox.status, state: 'NOTREADY', ips: [] };
    this.#emit('STOPPED', id, id);
  }

  async removePodSandbox(id: string): Promise<void> {
    await this.stopPodSandbox(id);
    this.sandboxes.delete(id);
  }

  podSandboxStatus(id: string): PodSandboxStatus {
    const found = this.sandboxes.get(id);
    if (found === undefined) throw new RuntimeError('NotFound', `sandbox ${id} not found`);
    return found.status;
  }

  listPodSandboxes(): PodSandboxStatus[] {
    return [...this.sandboxes.values()].map(({ status }) => status);
  }

  async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    const id = `${config.metadata.name}-${++this.#ids}`;
    this.containers.set(id, {
      config,
      logs: [],
      ended: new Subject(),
      timer: undefined,
      status: {
        id,
        sandboxId,
        metadata: config.metadata,
        state: 'CREATED',
        createdAt: this.#clock.now(),
        startedAt: 0,
        finishedAt: 0,
        exitCode: 0,
        reason: '',
        message: '',
        image: config.image,
        imageRef: `${config.image}@sha256:0`,
        labels: config.labels,
        annotations: config.annotations,
      },
    });
    this.#emit('CREATED', sandboxId, id);
    return id;
  }

  async startContainer(id: string): Promise<void> {
    const container = this.#container(id);
    const { name } = container.config.metadata;
    const program = this.program(container.config.image);
    this.calls.push(`start ${name}`);
    if (program.startError !== undefined) {
      this.#update(container, {
        finishedAt: this.#clock.now(),
        state: 'EXITED',
        exitCode: 128,
        reason: 'StartError',
        message: program.startError,
      });
      this.#emit('STOPPED', container.status.sandboxId, id);
      throw new RuntimeError('StartError', program.startError);
    }
    this.#update(container, { state: 'RUNNING', startedAt: this.#clock.now() });
    const image = container.config.image;
    const count = this.#starts.get(image) ?? 0;
    this.#starts.set(image, count + 1);
    const { exits } = program;
    const exit = Array.isArray(exits) ? exits[Math.min(count, exits.length - 1)] : (exits as FakeExit | undefined);
    if (exit !== undefined) {
      container.timer = this.#clock.schedule(exit.after, () => this.end(id, exit.code, exit.reason));
    }
    this.#emit('STARTED', container.status.sandboxId, id);
  }

  async stopContainer(id: string, grace: Milliseconds): Promise<void> {
    const container = this.#container(id);
    this.calls.push(`stop ${container.config.metadata.name} ${grace}`);
    if (container.status.state !== 'RUNNING') return;
    const takes = this.program(container.config.image).stopsAfter ?? 0;
    const killed = takes > grace;
    await new Promise<void>((resolve) => {
      const ended = container.ended.subscribe({ complete: resolve });
      const timer = this.#clock.schedule(killed ? grace : takes, async () => {
        if (container.status.state === 'RUNNING') this.end(id, killed ? 137 : 143);
      });
      void ended;
      void timer;
    });
  }

  /** Ends a container, as if its process had. */
  end(id: string, exitCode: number, reason = exitCode === 0 ? 'Completed' : 'Error'): void {
    const container = this.#container(id);
    if (container.status.state !== 'RUNNING') return;
    container.timer?.[Symbol.dispose]();
    this.#update(container, { state: 'EXITED', exitCode, reason, finishedAt: this.#clock.now() });
    this.calls.push(`end ${container.config.metadata.name} ${exitCode}`);
    this.#emit('STOPPED', container.status.sandboxId, id);
    container.ended.complete();
  }

  /** The id of the running container of that name. */
  id(name: string): string {
    for (const [id, { status }] of this.containers) {
      if (status.metadata.name === name && status.state === 'RUNNING') return id;
    }
    throw new Error(`no container ${name} runs`);
  }

  async removeContainer(id: string): Promise<void> {
    const container = this.containers.get(id);
    if (container?.status.state === 'RUNNING') this.end(id, 137);
    this.containers.delete(id);
  }

  containerStatus(id: string): ContainerStatus {
    return this.#container(id).status;
  }

  listContainers(): ContainerStatus[] {
    return [...this.containers.values()].map(({ status }) => status);
  }

  events(): Observable<ContainerEvent> {
    return this.#events;
  }

  async execSync(id: string, command: readonly string[], timeout: Milliseconds) {
    const program = this.program(this.#container(id).config.image);
    const { name } = this.#container(id).config.metadata;
    this.calls.push(`exec ${name} ${command.join(' ')}`);
    if (command[0] === 'sleep') {
      const takes = Number(command[1]) * 1000;
      await this.#clock.sleep(timeout === 0 ? takes : Math.min(takes, timeout));
      if (timeout !== 0 && takes > timeout) throw new RuntimeError('DeadlineExceeded', 'timed out');
      return { exitCode: 0, stdout: '', stderr: '' };
    }
    const exitCode = (await program.exec?.(command)) ?? 0;
    return { exitCode, stdout: exitCode === 0 ? '' : 'no', stderr: '' };
  }

  exec(_id: string, request: ExecRequest): Promise<StreamSession> {
    return Promise.reject(new Error(`not here: ${request.command.join(' ')}`));
  }

  attach(): Promise<StreamSession> {
    return Promise.reject(new Error('not here'));
  }

  portForward(): Promise<PortConnection> {
    return Promise.reject(new Error('not here'));
  }

  logs(id: string): Observable<LogEntry> {
    return from(this.#container(id).logs);
  }

  async pullImage(ref: string): Promise<ImageInfo> {
    this.calls.push(`pull ${ref}`);
    if (ref.includes('missing'))
      throw new RuntimeError('ImageNotFound', `failed to resolve reference "${ref}": not found`);
    this.pulled.add(ref);
    return { imageRef: `${ref}@sha256:0`, sizeBytes: 1000 };
  }

  imageStatus(ref: string): ImageInfo | undefined {
    return this.pulled.has(ref) ? { imageRef: `${ref}@sha256:0`, sizeBytes: 1000 } : undefined;
  }

  listImages() {
    return [...this.pulled].map((ref) => ({ imageRef: `${ref}@sha256:0`, sizeBytes: 1000, names: [ref] }));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  program(image: string): FakeProgram {
    return this.programs.get(image.replace(/:latest$/, '')) ?? {};
  }

  #container(id: string): FakeContainer {
    const found = this.containers.get(id);
    if (found === undefined) throw new RuntimeError('NotFound', `container ${id} not found`);
    return found;
  }

  #update(container: FakeContainer, change: Partial<ContainerStatus>): void {
    container.status = { ...container.status, ...change };
  }

  #emit(type: ContainerEvent['type'], sandboxId: string, containerId: string): void {
    const podUid = this.sandboxes.get(sandboxId)?.config.metadata.uid ?? '';
    this.#events.next({ type, sandboxId, podUid, containerId });
  }
}
