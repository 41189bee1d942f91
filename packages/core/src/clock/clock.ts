/** Milliseconds since the Unix epoch, or a span of milliseconds: each place says which. */
export type Milliseconds = number;

type Unit = 'ns' | 'us' | 'µs' | 'ms' | 's' | 'm' | 'h' | 'd';
type Amount = `${bigint}` | `${bigint}.${bigint}` | `${bigint}.0${bigint}`;

/**
 * A span of time: milliseconds as a number, or Go's notation: `'250ms'`, `'30s'`, `'1.5h'`, `'1h30m'`, and `'1d'`. A text that
 * is no duration, such as `'30 s'`, does not compile; {@link milliseconds} also takes texts that only the running program knows.
 */
export type Duration =
  | number
  | `${Amount}${Unit}`
  | `${Amount}d${Amount}h`
  | `${Amount}h${Amount}m`
  | `${Amount}h${Amount}m${Amount}s`
  | `${Amount}m${Amount}s`;

/**
 * Time, injected. Nothing but a clock's implementation reads the wall clock or sets a timer, so that a cluster can run on
 * real, faster or virtual time.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. On a real machine they jump when its clock is set. */
  now(): Milliseconds;
  /**
   * Milliseconds since some moment, at this clock's pace: they never jump and never go back. For how long something takes or is
   * silent.
   */
  monotonic(): Milliseconds;
  /** Resolves after `duration`; rejects with the signal's reason when it is aborted before. */
  sleep(duration: Duration, signal?: AbortSignal): Promise<void>;
  /**
   * Runs `task` once after `duration`, unless disposed before. An asynchronous task must return its promise:
   * virtual time stands still until it has settled or waits for a clock, a turn or tracked work.
   */
  schedule(duration: Duration, task: () => void | Promise<unknown>): Disposable;
}

const units: { readonly [unit: string]: number } = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * A duration in milliseconds; also of a text that comes from outside, such as an option of a command.
 * @throws Error on a text that is no duration.
 */
export function milliseconds(duration: Duration | string): Milliseconds {
  if (typeof duration === 'number') return duration;
  const part = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)/y;
  let total = 0;
  let end = 0;
  for (let match = part.exec(duration); match !== null; match = part.exec(duration)) {
    total += Number(match[1]) * (units[match[2] ?? ''] ?? 0);
    end = part.lastIndex;
  }
  if (end !== duration.length || duration === '') {
    throw new Error(`invalid duration ${JSON.stringify(duration)}: write it like 250ms, 30s or 1h30m`);
  }
  return total;
}
