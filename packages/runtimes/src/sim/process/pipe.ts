import { Description } from './description.ts';
import type { Gate } from './gate.ts';
import type { Process } from './process.ts';

const capacity = 65_536;
/** Bytes that writers from outside may leave unread before they are asked to wait. */
const mostPushed = 4 * capacity;

/** Bytes on their way from writers to readers (pipe(7)). */
export class Pipe {
  readonly reader: Description = new PipeReader(this);
  readonly writer: Description = new PipeWriter(this);
  readonly #chunks: Uint8Array[] = [];
  #length = 0;
  #open = true;
  #read = true;
  #flow: { readonly data: (bytes: Uint8Array) => void; readonly end: () => void } | undefined;
  #gate: Gate | undefined;
  readonly #readers = new Set<() => void>();
  readonly #writers = new Set<() => void>();
  readonly #outside = new Set<() => void>();

  get length(): number {
    return this.#length;
  }

  /** True once the writers are closed and all bytes have been read. */
  get ended(): boolean {
    return !this.#open && this.#length === 0;
  }

  /** True while a reader is left. */
  get hasReader(): boolean {
    return this.#read;
  }

  /** Adds bytes from outside, beyond the capacity if need be. */
  push(bytes: Uint8Array): void {
    if (!this.#open || !this.#read || bytes.length === 0) return;
    if (this.#flow !== undefined) {
      this.#flow.data(bytes);
      return;
    }
    this.#chunks.push(bytes);
    this.#length += bytes.length;
    wakeAll(this.#readers);
  }

  /** A promise while far more waits than the capacity: it resolves when there is room, or no reader any more. For writers that are no process. */
  room(): undefined | Promise<void> {
    if (this.#length <= mostPushed || !this.#open) return undefined;
    return new Promise((resolve) => this.#outside.add(resolve));
  }

  /** No more bytes will come. */
  end(): void {
    if (!this.#open) return;
    this.#open = false;
    wakeAll(this.#outside);
    this.#flow?.end();
    wakeAll(this.#readers);
  }

  /** From now on bytes go to a function, without delay: for readers that are no process. Writers wait at the gate. */
  flow(data: (bytes: Uint8Array) => void, end: () => void, gate?: Gate): void {
    this.#gate = gate;
    for (let chunk = this.take(capacity); chunk !== undefined; chunk = this.take(capacity)) data(chunk);
    this.#flow = { data, end };
    if (!this.#open) end();
  }

  /** No reader is left. */
  abandon(): void {
    this.#read = false;
    this.#chunks.length = 0;
    this.#length = 0;
    wakeAll(this.#writers);
    wakeAll(this.#outside);
  }

  /** Returns the bytes available now, up to `max` and up to and including the byte `until`; undefined if there are none. */
  take(max: number, until?: number): Uint8Array | undefined {
    const first = this.#chunks[0];
    if (first === undefined) return undefined;
    let end = Math.min(first.length, max);
    let found = false;
    if (until !== undefined) {
      const at = first.indexOf(until);
      if (at >= 0 && at < end) {
        end = at + 1;
        found = true;
      }
    }
    const taken = first.subarray(0, end);
    if (end === first.length) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(end);
    this.#length -= end;
    if (this.#length < capacity) {
      wakeAll(this.#writers);
      wakeAll(this.#outside);
    }
    if (until === undefined || found || end === max || this.#chunks.length === 0) return taken;
    const more = this.take(max - end, until);
    return more === undefined ? taken : joined([taken, more]);
  }

  read(process: Process, max: number, until?: number): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    if (this.#length > 0) return this.take(max, until);
    if (!this.#open) return undefined;
    return this.#readLater(process, max, until);
  }

  async #readLater(process: Process, max: number, until?: number): Promise<Uint8Array | undefined> {
    while (this.#length === 0) {
      if (!this.#open) return undefined;
      const interrupted = await process.park<boolean>((wake) => register(this.#readers, () => wake(false)), {
        value: true,
      });
      if (interrupted) return new Uint8Array();
    }
    return this.take(max, until);
  }

  write(process: Process, bytes: Uint8Array): void | Promise<void> {
    if (!this.#read) {
      process.deliver('SIGPIPE');
      process.check();
      return;
    }
    this.push(bytes);
    return this.#length > capacity ? this.#drained(process) : this.#gate?.pass(process);
  }

  async #drained(process: Process): Promise<void> {
    while (this.#length > capacity && this.#read) {
      await process.park<void>((wake) => register(this.#writers, () => wake()));
    }
  }
}

function register(waiters: Set<() => void>, wake: () => void): () => void {
  waiters.add(wake);
  return () => waiters.delete(wake);
}

function wakeAll(waiters: Set<() => void>): void {
  if (waiters.size === 0) return;
  const all = [...waiters];
  waiters.clear();
  for (const wake of all) wake();
}

class PipeReader extends Description {
  readonly #pipe: Pipe;

  constructor(pipe: Pipe) {
    super();
    this.#pipe = pipe;
  }

  take(process: Process, max: number, until?: number): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    return this.#pipe.read(process, max, until);
  }

  put(): void {}

  protected override closed(): void {
    this.#pipe.abandon();
  }
}

class PipeWriter extends Description {
  readonly #pipe: Pipe;

  constructor(pipe: Pipe) {
    super();
    this.#pipe = pipe;
  }

  take(): undefined {
    return undefined;
  }

  put(process: Process, bytes: Uint8Array): void | Promise<void> {
    return this.#pipe.write(process, bytes);
  }

  protected override closed(): void {
    this.#pipe.end();
  }
}

/** The chunks as one. */
export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0] as Uint8Array;
  const all = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
