/** Milliseconds for which a process may hold up everybody. */
export const longestStall = 200;

/** How often a timer looks, in milliseconds. */
const interval = 5;

/** Measures for how long the main thread computes without a turn for timers. Time for which the machine gives it no processor does not count. */
export class StallWatch {
  #last = { wall: performance.now(), cpu: computed() };
  #longest = 0;
  readonly #timer = setInterval(() => this.#look(), interval);

  /** The longest stall since the last time it was asked, in milliseconds. */
  take(): number {
    this.#look();
    const longest = this.#longest;
    this.#longest = 0;
    return longest;
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = { wall: performance.now(), cpu: computed() };
    this.#longest = Math.max(this.#longest, Math.min(now.wall - this.#last.wall, now.cpu - this.#last.cpu));
    this.#last = now;
  }
}

/** Milliseconds that this thread has computed; without a clock of threads, the whole process. */
export function computed(): number {
  const { threadCpuUsage } = process as { readonly threadCpuUsage?: () => NodeJS.CpuUsage };
  const { user, system } = threadCpuUsage?.call(process) ?? process.cpuUsage();
  return (user + system) / 1000;
}
