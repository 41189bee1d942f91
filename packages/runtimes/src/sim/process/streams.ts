import { FileError } from '../files/file-error.ts';
import { bytesOf, textOf } from '../files/tree.ts';
import { joined } from './pipe.ts';
import type { Process } from './process.ts';

const newline = 10;

/** A process's view of a descriptor that it reads. */
export class InputStream {
  readonly #process: Process;
  readonly #number: number;

  constructor(process: Process, number: number) {
    this.#process = process;
    this.#number = number;
  }

  /** Some bytes; undefined at the end. @throws FileError EBADF when the descriptor is closed. */
  read(max = 65_536, until?: number): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    this.#process.check();
    const description = this.#process.descriptors[this.#number];
    if (description === undefined) throw new FileError('EBADF', String(this.#number));
    return description.read(this.#process, max, until);
  }

  /** A line with its newline, or what there is before the end; undefined at the end. */
  async readLine(): Promise<string | undefined> {
    const chunks: Uint8Array[] = [];
    for (;;) {
      const chunk = await this.read(65_536, newline);
      if (chunk === undefined) break;
      chunks.push(chunk);
      if (chunk[chunk.length - 1] === newline) break;
    }
    return chunks.length === 0 ? undefined : textOf(joined(chunks));
  }

  /** Everything until the end. */
  async readAll(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let held = 0;
    for (;;) {
      const chunk = await this.read();
      if (chunk === undefined) break;
      chunks.push(chunk);
      // What is held counts as the process's memory, or an endless input would take all of the real one.
      if (chunk.length > 4096) {
        this.#process.allocate(chunk.length);
        held += chunk.length;
      }
    }
    this.#process.allocate(-held);
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
    return description.write(this.#process, bytesOf(content));
  }
}
