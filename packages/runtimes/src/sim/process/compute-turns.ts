import type { Work } from '@orrery/core';

/** The containers of all machines are one actor among the cluster's loops. */
const actor = 'containers';

/**
 * Turns of those that compute: on the real clock, programs run in slices of a few milliseconds, between which sockets, timers and the
 * loops of the cluster have theirs. All containers together are one actor, which in its turn serves as many as the slice has room
 * for: thousands that start at once need one small step each. Containers that wait are served in rotation, whatever number of
 * processes each has. In simulation nobody ever waits here.
 */
export class ComputeTurns {
  readonly #work: Work;
  /** What waits, by container. */
  readonly #waiting = new Map<object, (() => void)[]>();
  #asked = false;

  constructor(work: Work) {
    this.#work = work;
  }

  /** Whether whoever computes is to wait for a turn before going on. */
  get due(): boolean {
    return this.#waiting.size > 0 || this.#work.crowded();
  }

  /** Calls `resume` in a turn of the container. */
  wait(container: object, resume: () => void): void {
    const line = this.#waiting.get(container);
    if (line === undefined) this.#waiting.set(container, [resume]);
    else line.push(resume);
    this.#ask();
  }

  #ask(): void {
    if (this.#asked || this.#waiting.size === 0) return;
    this.#asked = true;
    void this.#work.turn(actor).then(this.#serve);
  }

  /** Resumes one process after the other in one turn, each once the one before has done its first step, while the task is young. */
  readonly #serve = (): void => {
    this.#resumeNext();
    if (this.#waiting.size > 0 && !this.#work.crowded()) {
      void free.then(this.#serve);
      return;
    }
    this.#asked = false;
    this.#ask();
  };

  #resumeNext(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    const [container, line] = first;
    this.#waiting.delete(container);
    const resume = line.shift();
    if (line.length > 0) this.#waiting.set(container, line);
    resume?.();
  }
}

const free = Promise.resolve();
