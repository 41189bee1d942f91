import type { ContainerConfig, ContainerState, ContainerStatus } from '../runtime.ts';
import { RuntimeError } from '../runtime.ts';
import { containerTable, credentialsOf } from './container-files.ts';
import { DiskShare } from './files/disk.ts';
import { type Credentials, FileView } from './files/file-view.ts';
import type { Layer, TreeNode } from './files/tree.ts';
import type { Image } from './images/image.ts';
import { parseReference } from './images/reference.ts';
import { LogBuffer } from './log-buffer.ts';
import { LogDescription } from './log-description.ts';
import type { Host } from './node.ts';
import { type Description, NullDescription, SinkDescription } from './process/description.ts';
import type { Gate } from './process/gate.ts';
import { PidNamespace } from './process/pid-namespace.ts';
import { Pipe } from './process/pipe.ts';
import { type Kernel, Process } from './process/process.ts';
import type { Program } from './process/program.ts';
import { type Machine, Memory, type Realm } from './process/realm.ts';
import { parseSignal } from './process/signals.ts';
import { Terminal, TerminalDescription } from './process/terminal.ts';
import type { Sandbox } from './sandbox.ts';
import { defaultPath, findExecutable } from './shell/executable.ts';

export type OutputListener = (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void;

export interface ContainerOptions {
  readonly id: string;
  readonly sandbox: Sandbox;
  readonly config: ContainerConfig;
  readonly image: Image;
  readonly imageRef: string;
  readonly kernel: Kernel;
  readonly machine: Machine;
  readonly node: FileView;
  readonly changes: { count: number };
  readonly host: Pick<Host, 'disk' | 'logs'>;
  /** Of the machine. */
  readonly memory: Memory;
  /** Bytes of all the node's logs. */
  readonly logs: { bytes: number };
  /** Its process namespace, where another container's is joined. */
  readonly target: Container | undefined;
  readonly ended: (container: Container) => void;
}

/** One container of the simulated runtime, from its creation to its removal. */
export class Container {
  readonly id: string;
  readonly sandbox: Sandbox;
  readonly config: ContainerConfig;
  readonly image: Image;
  readonly log: LogBuffer;
  readonly realm: Realm;
  /** What it writes beside its volumes. */
  readonly layer: Layer;
  readonly disk: DiskShare;
  readonly createdAt: number;
  /** Whoever is attached to its output. */
  readonly attached = new Set<OutputListener>();
  readonly terminal: Terminal | undefined;
  /** Standard input that may be attached to. */
  readonly input: Pipe | undefined;
  process: Process | undefined;
  state: ContainerState = 'CREATED';
  startedAt = 0;
  finishedAt = 0;
  exitCode = 0;
  reason = '';
  message = '';
  #outOfMemory = false;
  readonly #options: ContainerOptions;
  readonly #files: FileView;
  /** With registry and tag, as containerd shows it. */
  readonly #imageName: string;
  readonly #credentials: Credentials & { readonly home: string };

  constructor(options: ContainerOptions) {
    const { kernel, config, sandbox, image } = options;
    this.#options = options;
    this.id = options.id;
    this.sandbox = sandbox;
    this.config = config;
    this.image = image;
    this.#imageName = parseReference(config.image)?.name ?? config.image;
    this.createdAt = kernel.clock.now();
    this.log = new LogBuffer(kernel.clock, undefined, options.logs, options.host.logs);
    this.realm = {
      hostname: sandbox.hostname,
      processes: options.target?.realm.processes ?? sandbox.sharedProcesses ?? new PidNamespace(kernel.processes),
      network: sandbox.network,
      memory: new Memory(
        config.resources.memoryLimitBytes || options.machine.memoryBytes,
        () => this.#killForMemory(),
        options.memory,
      ),
      flavor: image.flavor,
      machine: options.machine,
      pace: { epoch: 0, steps: 0, since: 0 },
      members: new Set(),
    };
    this.disk = new DiskShare(options.host.disk);
    const layer: Layer = { now: () => kernel.clock.now(), changes: options.changes, disk: this.disk };
    this.layer = layer;
    const table = containerTable({
      image,
      config,
      layer,
      node: options.node,
      sandbox: sandbox.files,
      realm: this.realm,
    });
    this.#credentials = credentialsOf(table, image, config.security);
    this.#files = new FileView(table, this.#credentials);
    if (config.tty) this.terminal = new Terminal((bytes) => this.#output('stdout', bytes));
    else if (config.stdin) this.input = new Pipe();
  }

  /** Holds it to another amount of memory (bytes; 0 is the machine's). @throws RuntimeError if it uses more already */
  limitMemory(bytes: number): void {
    const { memory } = this.realm;
    const limit = bytes || this.#options.machine.memoryBytes;
    if (memory.used > limit) {
      throw new RuntimeError('Unknown', `memory limit ${limit} is below what is used: ${memory.used}`);
    }
    memory.limit = limit;
  }

  /** The root of its files, its own and its image's. */
  get root(): TreeNode {
    return this.#files.table.root.node;
  }

  #output(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    this.log.write(stream, bytes);
    for (const listener of this.attached) listener(stream, bytes);
  }

  /** @throws RuntimeError StartError when the command cannot be run. */
  start(started: () => void): void {
    const { kernel } = this.#options;
    if (this.state !== 'CREATED') throw new RuntimeError('Unknown', `container is in ${this.state} state`);
    const argv = commandLine(this.config, this.image);
    const process = this.#newProcess(argv, this.#descriptors());
    const program = runnable(process, argv);
    if (typeof program === 'string') {
      process.end(128);
      const message = `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: ${program}: unknown`;
      this.#finish(128, 'StartError', message);
      throw new RuntimeError('StartError', message);
    }
    this.process = process;
    this.state = 'RUNNING';
    this.startedAt = kernel.clock.now();
    if (this.terminal !== undefined) this.terminal.foreground = process.group;
    process.argv = program.argv;
    process.whenEnded(() => this.#ended(process));
    started();
    process.start(program.program);
  }

  #newProcess(
    argv: readonly string[],
    descriptors: readonly (Description | undefined)[],
    tty = this.config.tty,
  ): Process {
    const directory = this.config.workingDir || this.image.workingDir;
    // runc makes the directory before it makes the root file system read-only.
    const root = new FileView(this.#files.table);
    if (root.find(directory) === undefined) {
      const { root: mount, mounts } = root.table;
      const writable = { ...mount, readonly: false };
      new FileView({ root: writable, mounts }).mkdir(directory);
      mount.node = writable.node;
    }
    return new Process({
      kernel: this.#options.kernel,
      realm: this.realm,
      argv,
      environment: this.#environment(tty),
      directory: root.isDirectory(directory) ? directory : '/',
      files: this.#files,
      descriptors,
    });
  }

  #environment(tty: boolean): Map<string, string> {
    const environment = new Map<string, string>([['PATH', defaultPath]]);
    for (const [name, value] of Object.entries(this.image.env)) environment.set(name, value);
    environment.set('HOSTNAME', this.sandbox.hostname);
    if (tty) environment.set('TERM', 'xterm');
    for (const { key, value } of this.config.envs) environment.set(key, value);
    if (!environment.has('HOME')) environment.set('HOME', this.#credentials.home);
    return environment;
  }

  #descriptors(): readonly Description[] {
    if (this.terminal !== undefined) {
      const description = new TerminalDescription(this.terminal);
      return [description, description, description];
    }
    const now = () => this.#options.kernel.clock.now();
    return [
      this.input?.reader ?? new NullDescription(),
      new LogDescription(this.log, 'stdout', this.attached, now),
      new LogDescription(this.log, 'stderr', this.attached, now),
    ];
  }

  /**
   * Starts another process in the container (setns(2)). With a terminal, everything goes to `output`. Without one, those who write wait at `gate`.
   * @throws RuntimeError Unknown when the command cannot be run.
   */
  exec(
    argv: readonly string[],
    input: Description | Terminal,
    output: OutputListener,
    prepare: (process: Process) => void = () => {},
    gate?: Gate,
  ): Process {
    if (this.state !== 'RUNNING') throw new RuntimeError('Unknown', `container ${this.id} is not running`);
    const tty = input instanceof Terminal;
    const terminal = tty ? new TerminalDescription(input) : undefined;
    const sink = (stream: 'stdout' | 'stderr') =>
      terminal ?? new SinkDescription((bytes) => output(stream, bytes), undefined, gate);
    const process = this.#newProcess(argv, [tty ? terminal : input, sink('stdout'), sink('stderr')], tty);
    const program = runnable(process, argv);
    if (typeof program === 'string') {
      process.end(126);
      throw new RuntimeError(
        'Unknown',
        `failed to exec in container: failed to start exec "${this.id}": OCI runtime exec failed: exec failed: unable to start container process: ${program}: unknown`,
      );
    }
    process.argv = program.argv;
    if (tty) input.foreground = process.group;
    prepare(process);
    process.start(program.program);
    return process;
  }

  /** The signal that asks it to stop. */
  stop(): void {
    const signal = parseSignal(this.config.stopSignal ?? this.image.stopSignal) ?? 'SIGTERM';
    this.process?.deliver(signal);
  }

  kill(): void {
    this.process?.deliver('SIGKILL');
  }

  #killForMemory(): void {
    if (this.state !== 'RUNNING') return;
    this.#outOfMemory = true;
    // The whole group goes (memory.oom.group), its first process last, because the others end with it.
    this.process?.deliver('SIGKILL');
  }

  #ended(process: Process): void {
    const exitCode = process.exitCode ?? 0;
    const reason = this.#outOfMemory ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error';
    this.#finish(exitCode, reason, '');
  }

  #finish(exitCode: number, reason: string, message: string): void {
    this.state = 'EXITED';
    this.startedAt ||= this.#options.kernel.clock.now();
    this.finishedAt = this.#options.kernel.clock.now();
    this.exitCode = exitCode;
    this.reason = reason;
    this.message = message;
    for (const member of [...this.realm.members]) member.deliver('SIGKILL');
    this.log.end();
    this.attached.clear();
    this.#options.ended(this);
  }

  status(): ContainerStatus {
    return {
      id: this.id,
      sandboxId: this.sandbox.id,
      metadata: this.config.metadata,
      state: this.state,
      createdAt: this.createdAt,
      startedAt: this.startedAt,
      finishedAt: this.finishedAt,
      exitCode: this.exitCode,
      reason: this.reason,
      message: this.message,
      image: this.#imageName,
      imageRef: this.#options.imageRef,
      labels: this.config.labels,
      annotations: this.config.annotations,
    };
  }
}

/** What a container runs: its own command, or the image's entrypoint with its own arguments or the image's (Docker's ENTRYPOINT and CMD). */
export function commandLine({ command, args }: ContainerConfig, image: Image): readonly string[] {
  return command.length > 0
    ? [...command, ...args]
    : [...image.entrypoint, ...(args.length > 0 ? args : image.command)];
}

/** The program of a command, or why there is none, in runc's words. */
function runnable(
  process: Process,
  argv: readonly string[],
): { readonly program: Program; readonly argv: readonly string[] } | string {
  const [name = ''] = argv;
  if (argv.length === 0 || name === '') return 'no command specified';
  const found = findExecutable(process, argv, process.environment.get('PATH'));
  if ('exitCode' in found) {
    if (found.error === 'not found') return `exec: "${name}": executable file not found in $PATH`;
    if (found.error.code === 'ENOENT') return `exec: "${name}": stat ${name}: no such file or directory`;
    return found.error.code === 'ENOTDIR'
      ? `exec: "${name}": stat ${name}: not a directory`
      : `exec: "${name}": permission denied`;
  }
  if (found.program === undefined) return `exec ${found.path}: exec format error`;
  return { program: found.program, argv: found.argv };
}
