import { Fifo } from '../fifo.ts';
import type { Work } from '../work.ts';
import type { Milliseconds } from './clock.ts';

/** What {@link FairTurns} stands on. */
export interface FairTurnsOptions {
  /** A clock that never goes back; only differences are looked at. */
  now(): Milliseconds;
  /** Runs `task` in a later task of the event loop, after sockets and timers had theirs. */
  nextTask(task: () => void): void;
  /** How long loops may run in one task of the event loop. Default 4 ms. */
  readonly slice?: Milliseconds;
}

const defaultSlice: Milliseconds = 4;

/**
 * Turns on the real clock. A turn is free while the present task of the event loop is young. Once a slice of time is used
 * up, the next actor waits for a later task, so that sockets are read and timers fire every few milliseconds however
 * much work is queued. Actors that wait take turns one by one, so that a loop with much to do does not hold up the others.
 */
export class FairTurns implements Work {
  readonly ordered = false;
  readonly #now: () => Milliseconds;
  readonly #nextTask: (task: () => void) => void;
  readonly #slice: Milliseconds;
  /** Who waits, by actor; the order is the order in which they are served. */
  readonly #waiting = new Map<string, Fifo<() => void>>();
  /** When the slice under way began; undefined between tasks. */
  #began: Milliseconds | undefined;
  /** Whether an actor was released whose first step has not run yet. */
  #serving = false;

  constructor({ now, nextTask, slice = defaultSlice }: FairTurnsOptions) {
    this.#now = now;
    this.#nextTask = nextTask;
    this.#slice = slice;
  }

  turn(actor: string): Promise<void> {
    if (this.#began === undefined) this.#open();
    if (!this.#serving && this.#waiting.size === 0 && !this.#over()) {
      this.#continue();
      return free;
    }
    return new Promise((resolve) => {
      const line = this.#waiting.get(actor);
      if (line !== undefined) {
        line.push(resolve);
        return;
      }
      const begun = new Fifo<() => void>();
      begun.push(resolve);
      this.#waiting.set(actor, begun);
    });
  }

  busy(): Disposable {
    return nothing;
  }

  crowded(): boolean {
    if (this.#began === undefined) this.#open();
    return this.#over();
  }

  #open(): void {
    this.#began = this.#now();
    this.#nextTask(this.#next);
  }

  #over(): boolean {
    return this.#began === undefined || this.#now() - this.#began >= this.#slice;
  }

  readonly #next = (): void => {
    this.#began = undefined;
    if (this.#waiting.size === 0) return;
    this.#open();
    this.#serveNext();
  };

  #serveNext(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    const [actor, line] = first;
    this.#waiting.delete(actor);
    const resume = line.shift();
    if (line.length > 0) this.#waiting.set(actor, line);
    resume?.();
    this.#continue();
  }

  /** Serves the next one after what was just let go has done its first step, unless the slice is over by then. */
  #continue(): void {
    this.#serving = true;
    queueMicrotask(this.#served);
  }

  readonly #served = (): void => {
    this.#serving = false;
    if (!this.#over()) this.#serveNext();
  };
}

const free = Promise.resolve();
const nothing: Disposable = { [Symbol.dispose]: () => undefined };
