import type { Measured } from './row.ts';

/** Time since a stopwatch was started. */
export interface Stopwatch {
  /** Wall seconds since the start. */
  seconds(): number;
  /** CPU seconds of this process, all threads, since the start. */
  cpuSeconds(): number;
  /** Both, as a figure in seconds. */
  measured(): Measured;
}

export function startStopwatch(): Stopwatch {
  const began = performance.now();
  const used = process.cpuUsage();
  const seconds = () => (performance.now() - began) / 1000;
  const cpuSeconds = () => {
    const { user, system } = process.cpuUsage(used);
    return (user + system) / 1e6;
  };
  return { seconds, cpuSeconds, measured: () => ({ value: seconds(), cpuSeconds: cpuSeconds() }) };
}
