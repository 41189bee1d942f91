import type { Gate } from './gate.ts';
import type { Process } from './process.ts';
import type { Terminal } from './terminal.ts';

/** What a read or a write costs beside its bytes, in steps ({@link Process.step}), and how many bytes are one step. */
const perCall = 1 / 4;
const block = 65_536;
/** Bytes that are made at once where only those of one line are wanted. */
const lineBlock = 4096;

/** The open file description behind a descriptor; shared by the processes that inherited it. */
export abstract class Description {
  #references = 0;

  /**
   * Up to `max` bytes; undefined at the end. With `until`, stops after that byte, so that a line can be taken without what
   * follows it. A promise where the reader must wait, or has done enough for one turn.
   */
  read(process: Process, max: number, until?: number): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    const pause = process.step(perCall);
    return pause === undefined ? this.take(process, max, until) : pause.then(() => this.take(process, max, until));
  }

  /** A promise only where the writer must wait, or has done enough for one turn. */
  write(process: Process, bytes: Uint8Array): void | Promise<void> {
    const pause = process.step(perCall + bytes.length / block);
    return pause === undefined ? this.put(process, bytes) : pause.then(() => this.put(process, bytes));
  }

  /** Writes without waiting, whether there is room or not. */
  post(process: Process, bytes: Uint8Array): void {
    void this.put(process, bytes);
  }

  protected abstract take(
    process: Process,
    max: number,
    until?: number,
  ): Uint8Array | undefined | Promise<Uint8Array | undefined>;

  protected abstract put(process: Process, bytes: Uint8Array): void | Promise<void>;

  /** The terminal behind it, if it is one. */
  get terminal(): Terminal | undefined {
    return undefined;
  }

  retain(): this {
    this.#references++;
    return this;
  }

  release(): void {
    this.#references--;
    if (this.#references === 0) this.closed();
  }

  /** The last reference is gone. */
  protected closed(): void {}
}

/** `/dev/null`: nothing comes out, everything goes in. */
export class NullDescription extends Description {
  take(): undefined {
    return undefined;
  }

  put(): void {}
}

/** Output that goes to a function: a container's log, the other side of an exec, a command substitution. */
export class SinkDescription extends Description {
  readonly #sink: (bytes: Uint8Array) => void;
  readonly #end: (() => void) | undefined;
  readonly #gate: Gate | undefined;

  /** @param gate where writers wait while what they have written is not taken further */
  constructor(sink: (bytes: Uint8Array) => void, end?: () => void, gate?: Gate) {
    super();
    this.#sink = sink;
    this.#end = end;
    this.#gate = gate;
  }

  take(): undefined {
    return undefined;
  }

  put(process: Process, bytes: Uint8Array): void | Promise<void> {
    if (bytes.length === 0) return;
    this.#sink(bytes);
    return this.#gate?.pass(process);
  }

  protected override closed(): void {
    this.#end?.();
  }
}

/** Bytes that are made as they are read: `/dev/zero`, `/dev/urandom`. */
export class SourceDescription extends Description {
  readonly #make: (length: number) => Uint8Array;
  readonly #weight: number;

  /** `weight` is what a byte costs, in steps ({@link Process.step}). */
  constructor(make: (length: number) => Uint8Array, weight = 0) {
    super();
    this.#make = make;
    this.#weight = weight;
  }

  take(process: Process, max: number, until?: number): Uint8Array | Promise<Uint8Array> {
    const length = Math.min(max, until === undefined ? block : lineBlock);
    const make = () => {
      const bytes = this.#make(length);
      const at = until === undefined ? -1 : bytes.indexOf(until);
      return at < 0 ? bytes : bytes.subarray(0, at + 1);
    };
    const pause = this.#weight === 0 ? undefined : process.step(length * this.#weight);
    return pause === undefined ? make() : pause.then(make);
  }

  put(): void {}
}
