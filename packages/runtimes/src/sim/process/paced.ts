import type { Process } from './process.ts';

/** Long computing in parts: it yields after each part, and returns its result. */
export type Parts<T> = Generator<void, T, void>;

/** What one part costs, in steps ({@link Process.step}): some 10,000 small operations. */
const partWeight = 4;

/** Runs all parts, letting others have their turns between them. */
export async function paced<T>(process: Process, parts: Parts<T>): Promise<T> {
  for (;;) {
    const { done, value } = parts.next();
    if (done) return value as T;
    const pause = process.step(partWeight);
    if (pause !== undefined) await pause;
  }
}
