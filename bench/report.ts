import type { Measured } from './measured.ts';

/** Prints a row's result where the runner looks for it. */
export function report(measured: Measured): void {
  process.stdout.write(`${JSON.stringify(measured)}\n`);
}

/** The middle one of an odd number of values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
