/** Megabytes (10⁶ bytes) of live objects and the buffers that they hold, after a garbage collection. */
export function heapMegabytes(): number {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}

/** Megabytes (10⁶ bytes) of memory that the process holds. */
export function residentMegabytes(): number {
  return process.memoryUsage().rss / 1e6;
}
