import type { TurnPriority, Work } from '../work.ts';
import type { Milliseconds } from './clock.ts';
import { TurnLines } from './turn-lines.ts';

/** What {@link FairTurns} stands on. */
export interface FairTurnsOptions {
  /** A clock that never goes back; only differences are looked at. */
  now(): Milliseconds;
  /** Runs `task` in a later task of the event loop, after sockets and timers had theirs. */
  nextTask(task: () => void): void;
  /** How long loops may run in one task of the event loop. Default 4 ms. */
  readonly slice?: Milliseconds;
  /** How many tasks of the event loop low priority waits for others at most. Default 16. */
  readonly patience?: number;
}

const defaultSlice: Milliseconds = 4;
const defaultPatience = 16;

/**
 * Turns on the real clock. A turn is free while the present task of the event loop is young. Once a slice of time is used
 * up, the next actor waits for a later task, so that sockets are read and timers fire every few milliseconds however
 * much work is queued. Actors that wait take turns one by one, so that a loop with much to do does not hold up the others;
 * priorities decide among them ({@link TurnLines}).
 */
export class FairTurns implements Work {
  readonly ordered = false;
  readonly #now: () => Milliseconds;
  readonly #nextTask: (task: () => void) => void;
  readonly #slice: Milliseconds;
  readonly #waiting: TurnLines;
  /** When the slice under way began; undefined between tasks. */
  #began: Milliseconds | undefined;
  /** Whether an actor was released whose first step has not run yet. */
  #serving = false;

  constructor({ now, nextTask, slice = defaultSlice, patience = defaultPatience }: FairTurnsOptions) {
    this.#now = now;
    this.#nextTask = nextTask;
    this.#slice = slice;
    this.#waiting = new TurnLines(patience);
  }

  turn(actor: string, priority: TurnPriority = 'normal'): Promise<void> {
    if (this.#began === undefined) this.#open();
    if (!this.#serving && this.#waiting.isEmpty && !this.#over()) {
      this.#continue();
      return free;
    }
    return new Promise((resolve) => this.#waiting.add(actor, priority, resolve));
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
    if (this.#waiting.isEmpty) return;
    this.#waiting.nextTask();
    this.#open();
    this.#serveNext();
  };

  #serveNext(): void {
    const resume = this.#waiting.next();
    if (resume === undefined) return;
    resume();
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
