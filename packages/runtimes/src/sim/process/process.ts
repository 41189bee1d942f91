import { type Clock, type Duration, errorText, milliseconds, type Random, type Work } from '@orrery/core';
import { FileError } from '../files/file-error.ts';
import type { Credentials, FileView } from '../files/file-view.ts';
import { absolutePath } from '../files/path.ts';
import { bytesOf } from '../files/tree.ts';
import type { SimNetwork } from '../network/network.ts';
import type { Activity } from './activity.ts';
import type { ComputeTurns } from './compute-turns.ts';
import type { Description } from './description.ts';
import { type HostMemory, type MemoryHolder, processCost } from './host-memory.ts';
import type { PidNamespace } from './pid-namespace.ts';
import type { Program } from './program.ts';
import type { Realm } from './realm.ts';
import { kills, type Signal, signalNumber } from './signals.ts';
import { InputStream, OutputStream } from './streams.ts';

/** What all processes of one node share. */
export interface Kernel {
  readonly clock: Clock;
  readonly random: Random;
  readonly activity: Activity;
  readonly work: Work;
  readonly network: SimNetwork;
  /** The node's own PID namespace: every process has a number in it. */
  readonly processes: PidNamespace;
  readonly turns: ComputeTurns;
  /** Of the process that simulates the machine. */
  readonly host: HostMemory;
}

/** Thrown inside a program to end it: by {@link Process.exit}, or because the process has been killed. */
class ProcessEnd extends Error {
  override readonly name = 'ProcessEnd';
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`process ended with ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** Processes that a terminal's Ctrl-C reaches together. */
export class ProcessGroup {
  readonly members = new Set<Process>();
}

export interface ProcessOptions {
  readonly kernel: Kernel;
  readonly realm: Realm;
  /** With the program's own name first. */
  readonly argv: readonly string[];
  readonly environment: Map<string, string>;
  readonly directory: string;
  readonly files: FileView;
  /** By number; the process holds its own reference to each. */
  readonly descriptors: readonly (Description | undefined)[];
  readonly parent?: Process;
  readonly group?: ProcessGroup;
}

export interface SpawnOptions {
  readonly environment?: Map<string, string>;
  readonly directory?: string;
  readonly descriptors?: readonly (Description | undefined)[];
  readonly group?: ProcessGroup;
  /** A process other than the parent. */
  readonly credentials?: Credentials;
}

/** What a container may compute without waiting, in commands or blocks of bytes, before it pauses (milliseconds). */
const stepsInARow = 1000;
const stepPause = 10;

/** Processes in one container (the cgroup's pids.max). */
const maximumProcesses = 4096;

/** Open files of one process (RLIMIT_NOFILE). */
const maximumDescriptors = 1024;

type SignalHandler = (signal: Signal) => void;

interface Parked {
  readonly cancel: () => void;
  readonly interrupt: (() => void) | undefined;
}

/**
 * One simulated process: what a {@link Program} runs with. Its waiting functions let virtual time go on; while the program
 * does anything else, time stands still.
 */
export class Process implements MemoryHolder {
  readonly kernel: Kernel;
  readonly realm: Realm;
  /** Number in its own PID namespace. */
  readonly pid: number;
  /** Number in the node's PID namespace. */
  readonly hostPid: number;
  readonly startedAt: number;
  environment: Map<string, string>;
  readonly files: FileView;
  readonly descriptors: (Description | undefined)[];
  readonly children = new Set<Process>();
  argv: readonly string[];
  /** What `ps` shows instead of the arguments: `nginx: worker process`. */
  title: string | undefined;
  parent: Process | undefined;
  directory: string;
  umask = 0o022;
  group: ProcessGroup;
  /** Exit code, 128 + number for a signal; undefined while it runs. */
  exitCode: number | undefined;
  /** The signal that ended it. */
  endedBy: Signal | undefined;
  #memory = 0;
  #held = 0;
  #handlers: Map<Signal, SignalHandler | 'ignore'> | undefined;
  readonly #parked = new Set<Parked>();
  #endListeners: Set<() => void> | undefined;
  #resources: Set<Disposable> | undefined;

  constructor(options: ProcessOptions) {
    const { kernel, realm } = options;
    this.kernel = kernel;
    this.realm = realm;
    this.argv = options.argv;
    this.environment = options.environment;
    this.directory = options.directory;
    this.files = options.files.seenBy(this);
    this.descriptors = options.descriptors.map((description) => description?.retain());
    this.parent = options.parent;
    this.group = options.group ?? options.parent?.group ?? new ProcessGroup();
    this.group.members.add(this);
    this.startedAt = kernel.clock.now();
    this.hostPid = kernel.processes.add(this);
    this.pid = realm.processes === kernel.processes ? this.hostPid : realm.processes.add(this);
    this.parent?.children.add(this);
    realm.members.add(this);
    this.#held = processCost;
    kernel.host.count(this, processCost);
  }

  /** Arguments without the program's name. */
  get args(): readonly string[] {
    return this.argv.slice(1);
  }

  get clock(): Clock {
    return this.kernel.clock;
  }

  get random(): Random {
    return this.kernel.random;
  }

  get ended(): boolean {
    return this.exitCode !== undefined;
  }

  get stdin(): InputStream {
    return new InputStream(this, 0);
  }

  get stdout(): OutputStream {
    return new OutputStream(this, 1);
  }

  get stderr(): OutputStream {
    return new OutputStream(this, 2);
  }

  /** Starts the program; it runs at once until it waits for the first time. */
  start(program: Program): void {
    this.go(async () => this.end(await program(this)));
  }

  /** Runs a part of the program beside the rest; an error in it ends the process. */
  go(part: () => Promise<void>): void {
    const { activity } = this.kernel;
    activity.enter();
    void part()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => activity.leave());
  }

  #failed(error: unknown): void {
    if (!(error instanceof ProcessEnd) && !this.ended) {
      const text = errorText(error);
      // A full pipe must not keep the error from ending the process.
      const waits = this.#parked.size;
      this.descriptors[2]?.post(this, bytesOf(`${this.argv[0]}: ${text}\n`));
      if (this.#parked.size > waits) this.kernel.activity.enter();
    }
    this.end(error instanceof ProcessEnd ? error.exitCode : 1);
  }

  /** @throws ProcessEnd when the process has been killed meanwhile. */
  check(): void {
    if (this.exitCode !== undefined) throw new ProcessEnd(this.exitCode);
  }

  /** Ends the program from wherever it is. */
  exit(exitCode: number): never {
    this.end(exitCode & 255);
    throw new ProcessEnd(exitCode & 255);
  }

  /** Goes on as another program, with the same number and streams (execve(2)). The former program is never resumed. */
  become(argv: readonly string[], program: Program, environment: Map<string, string>): Promise<never> {
    this.check();
    this.argv = argv;
    this.environment = environment;
    if (this.#handlers) for (const [signal, handler] of this.#handlers) if (handler !== 'ignore') this.handle(signal);
    this.hold(processCost - this.#held);
    this.start(program);
    this.kernel.activity.leave();
    return new Promise(() => {});
  }

  /** A child process with the same surroundings. */
  spawn(argv: readonly string[], program: Program, options: SpawnOptions = {}): Process {
    const child = this.fork(argv, options);
    child.start(program);
    return child;
  }

  /** A child that has not started yet. */
  fork(argv: readonly string[], options: SpawnOptions = {}): Process {
    this.check();
    if (this.realm.members.size >= maximumProcesses) throw new Error("can't fork: Resource temporarily unavailable");
    if (!this.kernel.host.hasRoom(processCost)) throw new Error("can't fork: Cannot allocate memory");
    const child = new Process({
      kernel: this.kernel,
      realm: this.realm,
      argv,
      environment: options.environment ?? new Map(this.environment),
      directory: options.directory ?? this.directory,
      files: options.credentials === undefined ? this.files : this.files.as(options.credentials),
      descriptors: options.descriptors ?? this.descriptors,
      parent: this,
      ...(options.group === undefined ? {} : { group: options.group }),
    });
    child.umask = this.umask;
    return child;
  }

  /**
   * Waits until `wake` is called with a value. `register` starts whatever will call it and returns how to cancel it. With
   * `interrupted`, a handled signal ends the wait with that value.
   */
  park<T>(register: (wake: (value: T) => void) => () => void, interrupted?: { readonly value: T }): Promise<T> {
    this.check();
    const { activity } = this.kernel;
    return new Promise((resolve) => {
      let woken = false;
      let cancel: (() => void) | undefined;
      const wake = (value: T): void => {
        if (woken || this.ended) return;
        woken = true;
        this.#parked.delete(parked);
        cancel?.();
        activity.enter();
        this.#resume(() => resolve(value));
      };
      const parked: Parked = {
        cancel: () => cancel?.(),
        interrupt: interrupted && (() => wake(interrupted.value)),
      };
      this.#parked.add(parked);
      cancel = register(wake);
      if (woken) cancel();
      activity.leave();
    });
  }

  /** Goes on at once, or on the real clock in a later turn of its container where others are to have theirs first. */
  #resume(resume: () => void): void {
    const { turns, activity } = this.kernel;
    const later = () => {
      // Killed meanwhile: it is not resumed.
      if (this.ended) activity.leave();
      else resume();
    };
    if (turns.due) turns.wait(this.realm, later);
    else resume();
  }

  /** Resolves after `duration` of the clock with true, or with false when a handled signal came first. */
  sleep(duration: Duration): Promise<boolean> {
    const span = milliseconds(duration);
    return this.park<boolean>(
      (wake) => {
        const timer = this.clock.schedule(span, () => wake(true));
        return () => timer[Symbol.dispose]();
      },
      { value: false },
    );
  }

  /** Waits for something outside the simulated processes, which tracks its own work. */
  async external<T>(promise: Promise<T>): Promise<T> {
    const settled = await this.park<{ value: T } | { error: unknown }>((wake) => {
      promise.then(
        (value) => wake({ value }),
        (error: unknown) => wake({ error }),
      );
      return () => {};
    });
    if ('error' in settled) throw settled.error;
    return settled.value;
  }

  /** Waits until the other process has ended; false when a handled signal came first (only with `interruptible`). */
  waitFor(other: Process, interruptible = false): Promise<boolean> {
    if (other.ended) return Promise.resolve(true);
    return this.park<boolean>(
      (wake) => other.whenEnded(() => wake(true)),
      interruptible ? { value: false } : undefined,
    );
  }

  /** Waits for one of these signals, which then no longer have their default effect. */
  async untilSignal(...signals: readonly Signal[]): Promise<Signal> {
    return this.park<Signal>((wake) => {
      for (const signal of signals) this.handle(signal, wake);
      return () => {};
    });
  }

  /** Never resolves; the process runs until a signal ends it. */
  forever(): Promise<never> {
    return this.park<never>(() => () => {});
  }

  /**
   * To be awaited in every loop that may run long without waiting. Computing costs time, so that nobody stands still because of a
   * runaway loop, and on the real clock it is done in slices. `weight` is how much was done: 1 is a command, or a block of 64 KiB.
   * All processes of the container spend from one purse, which is full again when all have waited and time has passed.
   */
  step(weight = 1): void | Promise<unknown> {
    this.check();
    const { pace } = this.realm;
    const { epoch } = this.kernel.activity;
    if (pace.epoch !== epoch && this.clock.now() > pace.since) {
      pace.epoch = epoch;
      pace.steps = 0;
      pace.since = this.clock.now();
    }
    pace.steps += weight;
    if (pace.steps > stepsInARow) return this.sleep(stepPause);
    if (this.kernel.turns.due) return new Promise<void>((resolve) => this.#resume(resolve));
  }

  /** Handles a signal; `ignore` ignores it; undefined restores the default. */
  handle(signal: Signal, handler?: SignalHandler | 'ignore'): void {
    this.#handlers ??= new Map();
    if (handler === undefined) this.#handlers.delete(signal);
    else this.#handlers.set(signal, handler);
  }

  ignores(signal: Signal): boolean {
    return this.#handlers?.get(signal) === 'ignore';
  }

  /**
   * A signal arrives. PID 1 of a namespace only gets those that it handles, except SIGKILL from outside (pid_namespaces(7)).
   */
  deliver(signal: Signal, from?: Process): void {
    if (this.ended) return;
    const handler = signal === 'SIGKILL' ? undefined : this.#handlers?.get(signal);
    if (handler === 'ignore') return;
    if (handler !== undefined) {
      handler(signal);
      this.interrupt();
      return;
    }
    if (!kills(signal)) return;
    const first = this.pid === 1 && this.realm.processes !== this.kernel.processes;
    const outside = from === undefined || from.realm.processes !== this.realm.processes;
    if (first && !(signal === 'SIGKILL' && outside)) return;
    this.endedBy = signal;
    this.end(128 + signalNumber(signal));
  }

  /** Ends interruptible waits, as a handled signal does: reads give no bytes, sleeps end early. */
  interrupt(): void {
    for (const parked of [...this.#parked]) parked.interrupt?.();
  }

  /** Calls back once the process has ended; returns a function that unsubscribes. */
  whenEnded(listener: () => void): () => void {
    if (this.ended) {
      listener();
      return () => {};
    }
    this.#endListeners ??= new Set();
    this.#endListeners.add(listener);
    return () => this.#endListeners?.delete(listener);
  }

  /** Something to be disposed of when the process ends: a listening socket. */
  own(resource: Disposable): void {
    this.#resources ??= new Set();
    this.#resources.add(resource);
  }

  disown(resource: Disposable): void {
    this.#resources?.delete(resource);
  }

  /** The process is over; what it held is freed. A second end changes nothing. */
  end(exitCode: number): void {
    if (this.ended) return;
    this.kernel.activity.pulse();
    this.exitCode = exitCode & 255;
    for (const parked of this.#parked) parked.cancel();
    this.#parked.clear();
    if (this.#resources) for (const resource of this.#resources) resource[Symbol.dispose]();
    this.#resources = undefined;
    for (let number = 0; number < this.descriptors.length; number++) this.close(number);
    this.group.members.delete(this);
    this.realm.members.delete(this);
    this.realm.memory.charge(-this.#memory);
    const held = this.#held;
    this.#held = 0;
    this.kernel.host.count(this, -held);
    this.kernel.processes.remove(this.hostPid);
    if (this.realm.processes !== this.kernel.processes) this.realm.processes.remove(this.pid);
    this.#leaveFamily();
    const listeners = this.#endListeners;
    this.#endListeners = undefined;
    if (listeners) for (const listener of listeners) listener();
  }

  #leaveFamily(): void {
    const { processes } = this.realm;
    if (this.pid === 1 && processes !== this.kernel.processes) {
      for (const [, other] of processes.list()) other.deliver('SIGKILL');
    }
    const heir = processes.processes.get(1);
    for (const child of this.children) {
      child.parent = heir;
      if (heir !== undefined && !child.ended) heir.children.add(child);
    }
    this.children.clear();
    this.parent?.deliver('SIGCHLD');
    this.parent?.children.delete(this);
  }

  /** An absolute path, as this process means it. */
  path(path: string): string {
    return absolutePath(this.directory, path);
  }

  /** Puts a description at a descriptor's number. */
  redirect(number: number, description: Description | undefined): void {
    if (number >= maximumDescriptors && description !== undefined) throw new FileError('EMFILE', '');
    const old = this.descriptors[number];
    this.descriptors[number] = description?.retain();
    old?.release();
  }

  close(number: number): void {
    this.redirect(number, undefined);
  }

  /** Bytes of its container's memory that the process has. */
  get memory(): number {
    return this.#memory;
  }

  /** Bytes of the host's memory that it really holds. */
  get held(): number {
    return this.#held;
  }

  killForMemory(): void {
    this.realm.memory.kill();
  }

  /**
   * Allocates or frees memory of the container, which the host need not have.
   * @throws ProcessEnd when the limit of the container or of the machine is exceeded and the kernel has killed it.
   */
  allocate(bytes: number): void {
    this.check();
    this.#memory += bytes;
    this.realm.memory.charge(bytes);
    this.check();
  }

  /** The same for what it really holds, or frees, on the host: variables, lines, buffers. @throws ProcessEnd */
  hold(bytes: number): void {
    if (bytes === 0) return;
    this.check();
    this.#held += bytes;
    this.kernel.host.count(this, bytes);
    this.allocate(bytes);
  }
}
