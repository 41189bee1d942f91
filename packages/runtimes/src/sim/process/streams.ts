import { FileError } from '../files/file-error.ts';
import { bytesOf, textOf } from '../files/tree.ts';
import type { Description } from './description.ts';
import { joined } from './pipe.ts';
import type { Process } from './process.ts';

const newline = 10;
/** Bytes read or written at once. */
const block = 65_536;
/** What a chunk costs beside its bytes. */
const perChunk = 64;

/** A process's view of a descriptor that it reads. */
export class InputStream {
  readonly #process: Process;
  readonly #number: number;

  constructor(process: Process, number: number) {
    this.#process = process;
    this.#number = number;
  }

  /** Some bytes; undefined at the end. @throws FileError EBADF when the descriptor is closed. */
  read(max = block, until?: number): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    this.#process.check();
    const description = this.#process.descriptors[this.#number];
    if (description === undefined) throw new FileError('EBADF', String(this.#number));
    return description.read(this.#process, max, until);
  }

  /** A line with its newline, or what there is before the end; undefined at the end. */
  async readLine(): Promise<string | undefined> {
    const line = await this.#collect(newline);
    return line.length === 0 ? undefined : textOf(line);
  }

  /** Everything until the end. */
  async readAll(): Promise<Uint8Array> {
    return this.#collect(undefined);
  }

  /** Until a byte or the end. What is held counts as the process's memory meanwhile. */
  async #collect(until: number | undefined): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let held = 0;
    for (;;) {
      const chunk = await this.read(block, until);
      if (chunk === undefined) break;
      chunks.push(chunk);
      held += chunk.length + perChunk;
      this.#process.hold(chunk.length + perChunk);
      if (until !== undefined && chunk[chunk.length - 1] === until) break;
    }
    this.#process.hold(-held);
    return joined(chunks);
  }

  async readText(): Promise<string> {
    return textOf(await this.readAll());
  }
}

/** A process's view of a descriptor that it writes. */
export class OutputStream {
  readonly #process: Process;
  readonly #number: number;

  constructor(process: Process, number: number) {
    this.#process = process;
    this.#number = number;
  }

  /** A promise only when the reader is behind. @throws FileError EBADF when the descriptor is closed. */
  write(content: string | Uint8Array): void | Promise<void> {
    this.#process.check();
    const description = this.#process.descriptors[this.#number];
    if (description === undefined) throw new FileError('EBADF', String(this.#number));
    const bytes = bytesOf(content);
    return bytes.length <= block ? description.write(this.#process, bytes) : this.#inBlocks(description, bytes);
  }

  async #inBlocks(description: Description, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += block) {
      await description.write(this.#process, bytes.subarray(at, at + block));
    }
  }
}
