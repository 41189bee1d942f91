import { Fifo } from '../fifo.ts';
import type { TurnPriority } from '../work.ts';

type Line = Fifo<() => void>;

/** Where an actor of low priority stands. */
interface LowLine {
  readonly line: Line;
  /** The task in which its first turn was asked for. */
  readonly since: number;
}

/**
 * Who waits for a turn, in three classes. Within each, actors are served in rotation. High priority comes first, low priority when
 * nobody else waits; after so many tasks of the event loop, what has low priority takes part in the rotation of the others.
 */
export class TurnLines {
  readonly #patience: number;
  readonly #high = new Map<string, Line>();
  readonly #normal = new Map<string, Line>();
  readonly #low = new Map<string, LowLine>();
  #task = 0;

  /** `patience` is how many tasks of the event loop low priority waits at most. */
  constructor(patience: number) {
    this.#patience = patience;
  }

  get isEmpty(): boolean {
    return this.#high.size === 0 && this.#normal.size === 0 && this.#low.size === 0;
  }

  add(actor: string, priority: TurnPriority, resume: () => void): void {
    if (priority !== 'low') {
      lineOf(priority === 'high' ? this.#high : this.#normal, actor).push(resume);
      return;
    }
    let low = this.#low.get(actor);
    if (low === undefined) {
      low = { line: new Fifo(), since: this.#task };
      this.#low.set(actor, low);
    }
    low.line.push(resume);
  }

  /** A task of the event loop begins. */
  nextTask(): void {
    this.#task++;
    for (const [actor, { line, since }] of this.#low) {
      if (this.#task - since < this.#patience) return;
      this.#low.delete(actor);
      const joined = lineOf(this.#normal, actor);
      for (let resume = line.shift(); resume !== undefined; resume = line.shift()) joined.push(resume);
    }
  }

  /** Takes the next turn out; undefined when nobody waits. */
  next(): (() => void) | undefined {
    return rotate(this.#high) ?? rotate(this.#normal) ?? this.#nextLow();
  }

  #nextLow(): (() => void) | undefined {
    const [first] = this.#low;
    if (first === undefined) return undefined;
    const [actor, { line }] = first;
    this.#low.delete(actor);
    const resume = line.shift();
    if (line.length > 0) this.#low.set(actor, { line, since: this.#task });
    return resume;
  }
}

function lineOf(lines: Map<string, Line>, actor: string): Line {
  let line = lines.get(actor);
  if (line === undefined) {
    line = new Fifo();
    lines.set(actor, line);
  }
  return line;
}

function rotate(lines: Map<string, Line>): (() => void) | undefined {
  const [first] = lines;
  if (first === undefined) return undefined;
  const [actor, line] = first;
  lines.delete(actor);
  const resume = line.shift();
  if (line.length > 0) lines.set(actor, line);
  return resume;
}
