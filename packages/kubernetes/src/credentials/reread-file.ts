import { readFile } from 'node:fs/promises';
import type { Clock, Milliseconds } from '@orrery/core';
import { KubeconfigError } from '../kubeconfig/kubeconfig.ts';

/** How long the content is cached, as in client-go: kubelets renew Pods' tokens well before they expire. */
const lifetime: Milliseconds = 60_000;

/** A file that is renewed from outside. It is read on demand, at most once a minute. */
export class RereadFile {
  readonly #path: string;
  readonly #clock: Clock;
  #text: Promise<string> | undefined;
  #readAt: Milliseconds = 0;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /** @throws KubeconfigError if it cannot be read and never has been */
  text(): Promise<string> {
    const now = this.#clock.now();
    const known = this.#text;
    if (known !== undefined && now - this.#readAt < lifetime) return known;
    this.#readAt = now;
    // While a file is being replaced it may be missing for a moment: the last content is used while the server accepts it.
    const read = this.#read().catch((error: unknown) => known ?? Promise.reject(error));
    this.#text = read;
    read.catch(() => {
      if (this.#text === read) this.#text = undefined;
    });
    return read;
  }

  /** Makes the next call read the file again. */
  forget(): void {
    this.#readAt = Number.NEGATIVE_INFINITY;
  }

  async #read(): Promise<string> {
    try {
      return await readFile(this.#path, 'utf8');
    } catch (cause) {
      throw new KubeconfigError(`cannot read ${this.#path}: ${(cause as Error).message}`, { cause });
    }
  }
}
