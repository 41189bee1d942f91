import type { Milliseconds } from '../clock/clock.ts';
import { LruMap } from './lru-map.ts';

/** What happened, before it is an Event: all that decides whether two are the same. */
export interface Occurrence {
  /** The object (and the part of it), and the reporter: two occurrences with different subjects are never the same. */
  readonly subject: string;
  /** The object alone, for the limit on how many events one object may have. */
  readonly object: string;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

/** An Event as it was last written. */
export interface Observation {
  /** `metadata.name`. */
  readonly name: string;
  readonly count: number;
  readonly first: Milliseconds;
  readonly message: string;
}

/** client-go's limits (`tools/record`, EventCorrelator). */
const limits = {
  /** Different messages of the same reason on an object that are kept apart; this one and later ones are combined. */
  similar: 10,
  /** How long a message counts as one of these. */
  similarFor: 600_000,
  /** Events of one object at once; then one more per refill. */
  burst: 25,
  refill: 300_000,
  /** Subjects that are remembered. */
  memory: 4096,
} as const;

/**
 * Decides what becomes of an occurrence: a new Event, a higher count of one that is there, or nothing because the object
 * has had too many.
 */
export class Correlator {
  readonly #similar = new LruMap<string, { messages: readonly string[]; last: Milliseconds }>(limits.memory);
  readonly #observations = new LruMap<string, Observation>(limits.memory);
  readonly #budgets = new LruMap<string, { tokens: number; at: Milliseconds }>(limits.memory);

  /** The Event to write: to create if its count is 1, else to update. `newName` is called if it needs a name. */
  correlate(occurrence: Occurrence, now: Milliseconds, newName: () => string): Observation | undefined {
    const { key, message } = this.#combine(occurrence, now);
    const before = this.#observations.get(key);
    const observation: Observation =
      before === undefined
        ? { name: newName(), count: 1, first: now, message }
        : { ...before, count: before.count + 1, message };
    this.#observations.set(key, observation);
    return this.#hasBudget(occurrence.object, now) ? observation : undefined;
  }

  /** Many messages that differ only a little become one Event. */
  #combine({ subject, type, reason, message }: Occurrence, now: Milliseconds): { key: string; message: string } {
    const group = JSON.stringify([subject, type, reason]);
    const known = this.#similar.get(group);
    const before = known === undefined || now - known.last > limits.similarFor ? [] : known.messages;
    const messages = before.includes(message) ? before : [...before, message];
    const few = messages.length < limits.similar;
    this.#similar.set(group, { messages: few ? messages : before, last: now });
    if (few) return { key: `${group} ${message}`, message };
    return { key: group, message: `(combined from similar events): ${message}` };
  }

  #hasBudget(object: string, now: Milliseconds): boolean {
    const known = this.#budgets.get(object) ?? { tokens: limits.burst, at: now };
    const tokens = Math.min(limits.burst, known.tokens + (now - known.at) / limits.refill);
    const enough = tokens >= 1;
    this.#budgets.set(object, { tokens: enough ? tokens - 1 : tokens, at: now });
    return enough;
  }
}
