import { FileError } from '../files/file-error.ts';
import { textOf } from '../files/tree.ts';
import { SinkDescription } from '../process/description.ts';
import { paced } from '../process/paced.ts';
import { joined, Pipe } from '../process/pipe.ts';
import type { Process } from '../process/process.ts';
import { parseSignal, type Signal, signalNumber } from '../process/signals.ts';
import type { Command, List } from './ast.ts';
import { Jump, ShellError } from './control-flow.ts';
import { Execution } from './execution.ts';
import type { ExpansionContext } from './expansion.ts';
import { Jobs } from './jobs.ts';
import { parseCached, pieceSize, scriptPieces } from './script-cache.ts';
import type { Variables } from './variables.ts';

/** Which shell it is: they differ in words, prompts and details. */
export type Dialect = 'ash' | 'dash' | 'bash';

/** Bytes that may come and go without being counted. */
const heldUnnoticed = 16_384;

/** The state of one shell process (POSIX "Shell Execution Environment"). */
export class Shell {
  readonly process: Process;
  readonly dialect: Dialect;
  readonly variables: Variables;
  readonly functions: Map<string, Command>;
  readonly jobs = new Jobs();
  readonly execution: Execution;
  readonly expansion: ExpansionContext;
  /** Options that are on: `e`, `u`, `x`, `f`, `n`, `pipefail`. */
  readonly options: Set<string>;
  /** Commands by signal name, and by `EXIT`; an empty one ignores the signal. */
  readonly traps: Map<string, string>;
  /** `$0` */
  name: string;
  #positional: readonly string[] = [];
  /** Bytes. */
  #positionalSize = 0;
  /** `$?` */
  status = 0;
  /** Number of the last background process; `$!`. */
  lastBackground: number | undefined;
  /** Of the command being run. */
  line = 1;
  readonly interactive: boolean;
  /** `$$`: subshells keep the number of the first shell. */
  readonly shellPid: number;
  loops = 0;
  calls = 0;
  /** Inside a condition: `set -e` does not apply. */
  tested = 0;
  /** Status of the last command substitution, where a command consists of nothing else. */
  substituted: number | undefined;
  /** Ctrl-C at a prompt: the current line is discarded. */
  interruptAsked = false;
  #pending: Signal[] = [];
  readonly #connected: number[] = [];
  #trapping = false;
  #counted = 0;
  #commandHolds = 0;
  #commandCounted = 0;

  constructor(
    process: Process,
    options: {
      readonly dialect: Dialect;
      readonly name: string;
      readonly positional: readonly string[];
      readonly variables: Variables;
      readonly functions?: Map<string, Command>;
      readonly options?: Set<string>;
      readonly interactive?: boolean;
      readonly shellPid?: number;
    },
  ) {
    this.process = process;
    this.dialect = options.dialect;
    this.name = options.name;
    this.positional = options.positional;
    this.variables = options.variables;
    this.functions = options.functions ?? new Map();
    this.options = options.options ?? new Set();
    this.traps = new Map();
    this.interactive = options.interactive ?? false;
    this.shellPid = options.shellPid ?? process.pid;
    this.execution = new Execution(this);
    this.expansion = this.#expansionContext();
  }

  #expansionContext(): ExpansionContext {
    const shell = this;
    const { process } = this;
    const readable = <T>(read: () => T, otherwise: T): T => {
      try {
        return read();
      } catch (error) {
        // Patterns pass over what cannot be read.
        if (error instanceof FileError) return otherwise;
        throw error;
      }
    };
    return {
      variables: this.variables,
      braces: this.dialect === 'bash',
      get positional() {
        return shell.positional;
      },
      get unsetIsError() {
        return shell.options.has('u');
      },
      get noGlob() {
        return shell.options.has('f');
      },
      special: (name) => this.#special(name),
      substitute: (body) => this.substitute(body),
      connect: (body, direction) => this.#connect(body, direction),
      list: (path) => readable(() => process.files.readdir(process.path(path)), []),
      exists: (path) => readable(() => process.files.find(process.path(path), false) !== undefined, false),
      isDirectory: (path) => readable(() => process.files.isDirectory(process.path(path)), false),
      paced: (parts) => paced(process, parts),
      step: () => process.step(),
      hold: (bytes) => this.hold(bytes),
      exhaust: () => {
        process.killForMemory();
        return process.exit(137);
      },
      fail: (message) => {
        throw new ShellError(message, this.dialect === 'bash' ? 1 : 2);
      },
    };
  }

  #special(name: string): string | undefined {
    switch (name) {
      case '?':
        return String(this.status);
      case '$':
        return String(this.shellPid);
      case '!':
        return this.lastBackground === undefined ? '' : String(this.lastBackground);
      case '#':
        return String(this.positional.length);
      case '0':
        return this.name;
      case '-':
        return [...this.options].filter((option) => option.length === 1).join('') + (this.interactive ? 'i' : '');
      case 'RANDOM':
        return this.dialect === 'dash' ? undefined : String(this.process.random.integer(32_768));
      case 'SECONDS':
        return this.dialect === 'dash'
          ? undefined
          : String(Math.floor((this.process.clock.now() - this.process.startedAt) / 1000));
      case 'LINENO':
        return String(this.line);
      case 'EPOCHSECONDS':
        return String(Math.floor(this.process.clock.now() / 1000));
      case 'BASHPID':
        return this.dialect === 'bash' ? String(this.process.pid) : undefined;
      case 'UID':
      case 'EUID':
        return this.dialect === 'bash' ? String(this.process.files.credentials.uid) : undefined;
      default:
        return undefined;
    }
  }

  /** The same state in a child process: subshells, pipelines, background commands. */
  fork(child: Process): Shell {
    const copy = new Shell(child, {
      dialect: this.dialect,
      name: this.name,
      positional: this.positional,
      variables: this.variables.copy(),
      functions: new Map(this.functions),
      options: new Set(this.options),
      shellPid: this.shellPid,
    });
    copy.status = this.status;
    copy.lastBackground = this.lastBackground;
    copy.line = this.line;
    copy.loops = this.loops;
    copy.calls = this.calls;
    copy.tested = this.tested;
    for (const [name, command] of this.traps) {
      if (command !== '' || name === 'EXIT') continue;
      copy.traps.set(name, command);
      child.handle(parseSignal(name) as Signal, 'ignore');
    }
    return copy;
  }

  /** Bytes of results that the command under way holds. */
  get commandHolds(): number {
    return this.#commandHolds;
  }

  /** Counts bytes that the command under way holds; {@link release} frees them. */
  hold(bytes: number): void {
    this.#commandHolds += bytes;
    if (this.#commandHolds - this.#commandCounted < heldUnnoticed) return;
    const grown = this.#commandHolds - this.#commandCounted;
    this.#commandCounted = this.#commandHolds;
    this.process.hold(grown);
  }

  /** A command is done: what it held beyond `before` is free. */
  release(before: number): void {
    this.#commandHolds = before;
    if (this.#commandCounted <= before || this.process.ended) return;
    const freed = this.#commandCounted - before;
    this.#commandCounted = before;
    this.process.hold(-freed);
  }

  /** Runs a body in a child process and returns its output, without its last newlines. */
  async substitute(body: List): Promise<string> {
    const chunks: Uint8Array[] = [];
    const held = this.commandHolds;
    const sink = new SinkDescription((bytes) => {
      chunks.push(bytes.slice());
      this.hold(bytes.length + 64);
    });
    const descriptors = [...this.process.descriptors];
    descriptors[1] = sink;
    const child = this.process.fork(this.process.argv, { environment: this.process.environment, descriptors });
    const shell = this.fork(child);
    child.start(() => shell.runToEnd(body));
    await this.process.waitFor(child);
    this.substituted = child.exitCode ?? 0;
    this.status = this.substituted;
    const output = joined(chunks);
    let end = output.length;
    while (end > 0 && output[end - 1] === 10) end--;
    const text = textOf(output.subarray(0, end));
    this.release(held);
    return text.includes('\0') ? text.replaceAll('\0', '') : text;
  }

  /** Starts a command beside this one, joined to it by a pipe that looks like a file. */
  #connect(body: List, direction: '<' | '>'): string {
    const pipe = new Pipe();
    const descriptors = [...this.process.descriptors];
    descriptors[direction === '<' ? 1 : 0] = direction === '<' ? pipe.writer : pipe.reader;
    const child = this.process.fork(this.process.argv, { environment: this.process.environment, descriptors });
    let number = 63;
    while (this.process.descriptors[number] !== undefined) number--;
    this.process.redirect(number, direction === '<' ? pipe.reader : pipe.writer);
    this.#connected.push(number);
    const shell = this.fork(child);
    child.start(() => shell.runToEnd(body));
    return `/dev/fd/${number}`;
  }

  /** The pipes of a command's process substitutions are no longer needed. */
  disconnect(): void {
    for (const number of this.#connected.splice(0)) this.process.close(number);
  }

  /** Runs the text of a whole script. @throws ShellSyntaxError */
  async runText(text: string): Promise<number> {
    if (text.length <= pieceSize) return this.runToEnd(parseCached(text));
    try {
      for await (const list of scriptPieces(this.process, text)) await this.execution.list(list, false);
    } catch (error) {
      await this.#unwound(error);
    }
    return this.finish();
  }

  /** Runs a whole script, the last command in place of the shell where that makes no difference; then the exit trap. */
  async runToEnd(list: List): Promise<number> {
    try {
      await this.execution.list(list, true);
    } catch (error) {
      await this.#unwound(error);
    }
    return this.finish();
  }

  /** The shell's exit status for an error that the script did not catch. */
  async #unwound(error: unknown): Promise<void> {
    if (error instanceof Jump) {
      if (error.kind === 'return') this.status = error.count;
      if (error.kind === 'interrupt') this.status = 130;
    } else if (error instanceof ShellError) {
      await this.complain(error.message);
      this.status = error.exitCode;
    } else throw error;
  }

  /** Runs the exit trap once and returns the exit code. */
  async finish(): Promise<number> {
    const command = this.traps.get('EXIT');
    this.traps.delete('EXIT');
    if (command) {
      const { status } = this;
      await this.execution.evaluate(command);
      // The trap's own exit has ended the process already; otherwise the status from before counts.
      return status;
    }
    return this.status;
  }

  /** Prints an error in the shell's own form. */
  async complain(message: string): Promise<void> {
    const where =
      this.dialect === 'dash'
        ? `${this.name}: ${this.line}: `
        : this.dialect === 'bash' && !this.interactive
          ? `${this.name}: line ${this.line}: `
          : `${this.name}: `;
    await this.process.stderr.write(`${where}${message}\n`);
  }

  /** Sets what happens on a signal: a command, `''` to ignore it, undefined for the default. */
  trap(name: string, command: string | undefined): void {
    if (command === undefined) this.traps.delete(name);
    else this.traps.set(name, command);
    if (name === 'EXIT') return;
    const signal = parseSignal(name) as Signal;
    if (command === undefined) this.process.handle(signal);
    else if (command === '') this.process.handle(signal, 'ignore');
    else this.process.handle(signal, (arrived) => this.#pending.push(arrived));
  }

  /** True when a trapped signal waits for its command. */
  get interrupted(): boolean {
    return this.#pending.length > 0;
  }

  /** 128 + the number of the signal that interrupted a wait. */
  get interruptedStatus(): number {
    const [signal] = this.#pending;
    return signal === undefined ? 0 : 128 + signalNumber(signal);
  }

  /** `$1` and so on. */
  get positional(): readonly string[] {
    return this.#positional;
  }

  set positional(words: readonly string[]) {
    this.#positional = words;
    this.#positionalSize = 0;
    for (const word of words) this.#positionalSize += word.length + 32;
  }

  /** Between two commands: runs traps of signals that have arrived, and lets time pass in endless loops. */
  async boundary(): Promise<void> {
    if (this.#pending.length > 0 && !this.#trapping) await this.#runTraps();
    if (this.interruptAsked) {
      this.interruptAsked = false;
      throw new Jump('interrupt', 130);
    }
    this.#countMemory();
  }

  /** What variables, functions and parameters hold counts as memory of the process. */
  #countMemory(): void {
    const size = this.variables.size + this.functions.size * 256 + this.#positionalSize;
    if (Math.abs(size - this.#counted) < heldUnnoticed) return;
    const grown = size - this.#counted;
    this.#counted = size;
    this.process.hold(grown);
  }

  async #runTraps(): Promise<void> {
    this.#trapping = true;
    try {
      for (let signal = this.#pending.shift(); signal !== undefined; signal = this.#pending.shift()) {
        const command = this.traps.get(signal.slice(3));
        if (command === undefined) continue;
        const { status } = this;
        await this.execution.evaluate(command);
        this.status = status;
      }
    } finally {
      this.#trapping = false;
    }
  }
}
