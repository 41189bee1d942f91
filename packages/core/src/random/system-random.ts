import type { Random } from './random.ts';
import { randomOver } from './random-over.ts';

/** Real chance, from the platform's cryptographic generator. Every fork is the same endless source. */
export function createSystemRandom(): Random {
  const pool = new Uint32Array(256);
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
