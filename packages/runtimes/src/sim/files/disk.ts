import { FileError } from './file-error.ts';

/** What all simulated machines keep in files, of the memory of the one process that simulates them. */
export class HostDisk {
  /** Bytes. */
  readonly limit: number;
  used = 0;

  constructor(limit: number) {
    this.limit = limit;
  }
}

/** What an inode costs, in bytes, beside its content: 200 to 350 of the real heap, and more with a long name. */
export const inodeCost = 512;

/** A part of the disk that goes as a whole: a node's file system, or what a container writes beside its volumes. */
export class DiskShare {
  readonly #host: HostDisk;
  #used = 0;

  constructor(host: HostDisk) {
    this.#host = host;
  }

  /** Takes bytes; negative ones are given back. @throws FileError ENOSPC */
  take(bytes: number): void {
    if (bytes > 0 && this.#host.used + bytes > this.#host.limit) throw new FileError('ENOSPC', '');
    this.#used += bytes;
    this.#host.used += bytes;
  }

  /** All of it is gone. */
  close(): void {
    this.#host.used -= this.#used;
    this.#used = 0;
  }
}
