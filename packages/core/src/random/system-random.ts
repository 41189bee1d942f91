import type { Random } from './random.ts';
import { randomOver } from './random-over.ts';

/** Real chance, from the platform's cryptographic generator. Every fork is the same endless source. */
export function createSystemRandom(): Random {
  // Each refill costs microseconds, whatever its size.
  const pool = new Uint32Array(4096);
  let used = pool.length;
  const random: Random = randomOver(
    () => {
      if (used === pool.length) {
        globalThis.crypto.getRandomValues(pool);
        used = 0;
      }
      return pool[used++] ?? 0;
    },
    () => random,
  );
  return random;
}
