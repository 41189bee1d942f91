import { backOff, type Milliseconds } from '@orrery/core';

interface Entry {
  /** How often its delay has doubled. */
  readonly doublings: number;
  readonly updatedAt: Milliseconds;
}

/**
 * Exponential back-off per key (client-go's flowcontrol.Backoff). An entry is forgotten when what it is about last happened
 * more than twice the longest delay after the entry was made: for a container that is a run of over ten minutes.
 */
export class BackOff {
  readonly #entries = new Map<string, Entry>();
  readonly initial: Milliseconds;
  readonly longest: Milliseconds;

  constructor(initial: Milliseconds = 10_000, longest: Milliseconds = 300_000) {
    this.initial = initial;
    this.longest = longest;
  }

  /** The delay that holds for the key now; 0 if there is none. */
  delay(key: string): Milliseconds {
    const entry = this.#entries.get(key);
    return entry === undefined ? 0 : this.#delayOf(entry);
  }

  /** When the key may be tried again, given that it last failed at `since`. Not later than `since` means now. */
  until(key: string, since: Milliseconds): Milliseconds {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#expired(entry, since)) return since;
    return since + this.#delayOf(entry);
  }

  /** When the key may be tried again, counted from its last failure. */
  untilSinceUpdate(key: string, now: Milliseconds): Milliseconds {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#expired(entry, now)) return now;
    return entry.updatedAt + this.#delayOf(entry);
  }

  /** Doubles the key's delay, or makes it the first one. `since` is when it last failed. */
  next(key: string, since: Milliseconds, now: Milliseconds): void {
    const entry = this.#entries.get(key);
    const isFirst = entry === undefined || this.#expired(entry, since);
    this.#entries.set(key, { doublings: isFirst ? 0 : entry.doublings + 1, updatedAt: now });
  }

  /** Forgets all keys that begin with the prefix. */
  forget(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  #delayOf({ doublings }: Entry): Milliseconds {
    return backOff(doublings, { base: this.initial, max: this.longest });
  }

  #expired(entry: Entry, since: Milliseconds): boolean {
    return since - entry.updatedAt > this.longest * 2;
  }
}

/** A delay as Go prints a `time.Duration`: `10s`, `1m20s`, `5m0s`. */
export function durationText(delay: Milliseconds): string {
  if (delay === 0) return '0s';
  if (delay < 1000) return `${trimmed(delay)}ms`;
  const hours = Math.floor(delay / 3_600_000);
  const minutes = Math.floor((delay % 3_600_000) / 60_000);
  const seconds = trimmed((delay % 60_000) / 1000);
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}

function trimmed(value: number): string {
  return String(Number(value.toFixed(6)));
}
