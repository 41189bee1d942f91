import type { Work } from '@orrery/core';

const settled = Promise.resolve();

/**
 * Tracks whether any simulated process computes, and reports it to the cluster's work tracker. A process counts from its start to its
 * end, except while it waits in one of its own waiting functions; the waker counts it again before it resumes, so there
 * is no gap in which virtual time could jump.
 */
export class Activity {
  readonly #work: Work;
  readonly #what: string;
  #computing = 0;
  #busy: Disposable | undefined;
  #releasing = false;
  /** Counts the moments in which every process waited. */
  epoch = 0;

  constructor(work: Work, what: string) {
    this.#work = work;
    this.#what = what;
  }

  enter(): void {
    this.#computing++;
    // A handler that waited before it was counted has brought the count below zero for a moment.
    if (this.#computing > 0) this.#busy ??= this.#work.busy(this.#what);
  }

  /**
   * Counts for a moment, so that code awaiting a promise that one of our timers has just settled runs before time moves on.
   */
  pulse(): void {
    this.enter();
    this.leave();
  }

  leave(): void {
    this.#computing--;
    if (this.#computing === 0) this.epoch++;
    if (this.#computing > 0 || this.#releasing) return;
    this.#releasing = true;
    // Lets those that await a process's result run first, and skips reports of short pauses.
    void settled.then(() => {
      this.#releasing = false;
      if (this.#computing > 0 || this.#busy === undefined) return;
      const busy = this.#busy;
      this.#busy = undefined;
      busy[Symbol.dispose]();
    });
  }
}
