import { Fifo } from '../fifo.ts';
import type { Random } from '../random/random.ts';

/**
 * Actors that wait for their turn. Whose comes next is drawn from all that wait, each actor as likely as the other; one
 * actor's own turns come in the order in which they were asked for.
 */
export class Turns {
  readonly #random: Random;
  readonly #byActor = new Map<string, Line>();
  /** Lines with somebody in them. */
  readonly #waiting: Line[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  /** Whether anybody waits. */
  get waiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Actors that wait, in no order that means anything. */
  get actors(): readonly string[] {
    return this.#waiting.map((line) => line.actor);
  }

  add(actor: string, resume: () => void): void {
    let line = this.#byActor.get(actor);
    if (line === undefined) {
      line = { actor, resumes: new Fifo() };
      this.#byActor.set(actor, line);
    }
    if (line.resumes.length === 0) this.#waiting.push(line);
    line.resumes.push(resume);
  }

  /** Takes the next turn out; undefined when nobody waits. */
  next(): (() => void) | undefined {
    const waiting = this.#waiting;
    if (waiting.length === 0) return undefined;
    const drawn = waiting.length === 1 ? 0 : this.#random.integer(waiting.length);
    const line = waiting[drawn] as Line;
    const resume = line.resumes.shift();
    if (line.resumes.length === 0) {
      const last = waiting.pop() as Line;
      if (last !== line) waiting[drawn] = last;
    }
    return resume;
  }
}

interface Line {
  readonly actor: string;
  readonly resumes: Fifo<() => void>;
}
