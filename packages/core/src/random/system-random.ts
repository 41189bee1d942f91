import type { Random } from './random.ts';
import { RandomOver } from './random-over.ts';

/** Real chance, from the platform's cryptographic generator. Every fork is the same endless source. */
export function createSystemRandom(): Random {
  return new SystemRandom();
}

class SystemRandom extends RandomOver {
  /** Each refill costs microseconds, whatever its size. */
  readonly #pool = new Uint32Array(4096);
  #used = this.#pool.length;

  fork(): Random {
    return this;
  }

  protected word(): number {
    if (this.#used === this.#pool.length) {
      globalThis.crypto.getRandomValues(this.#pool);
      this.#used = 0;
    }
    return this.#pool[this.#used++] ?? 0;
  }
}
