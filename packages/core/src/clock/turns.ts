import type { Choices } from '../choices/choices.ts';
import { Fifo } from '../fifo.ts';

/**
 * Actors that wait for their turn. Whose comes next is chosen from all that wait, each actor as likely as the other; one
 * actor's own turns come in the order in which they were asked for.
 */
export class Turns {
  readonly #choices: Choices;
  readonly #byActor = new Map<string, Line>();
  /** Lines that are not empty. */
  readonly #waiting: Line[] = [];
  readonly #about = () => this.actors.join(', ');

  constructor(choices: Choices) {
    this.#choices = choices;
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

  /** Takes the next turn out; undefined when no actor waits. */
  next(): (() => void) | undefined {
    const waiting = this.#waiting;
    if (waiting.length === 0) return undefined;
    const chosen = this.#choices.choose(waiting.length, 'turn', this.#about);
    const line = waiting[chosen] as Line;
    const resume = line.resumes.shift();
    if (line.resumes.length === 0) {
      const last = waiting.pop() as Line;
      if (last !== line) waiting[chosen] = last;
    }
    return resume;
  }
}

interface Line {
  readonly actor: string;
  readonly resumes: Fifo<() => void>;
}
