import { Fifo } from '@orrery/core/assembly';

/**
 * The turns of long responses. However many are under way, between two reads of the sockets one of them sends one part: a client's
 * request waits for that part, and not for one of every response.
 */
class PartTurns {
  readonly #waiting = new Fifo<() => void>();

  /** Runs a task in a later turn of the event loop that no other part has. */
  later(task: () => void): void {
    this.#waiting.push(task);
    if (this.#waiting.length === 1) setImmediate(this.#next);
  }

  readonly #next = (): void => {
    const task = this.#waiting.first;
    try {
      task?.();
    } finally {
      this.#waiting.shift();
      if (this.#waiting.length > 0) setImmediate(this.#next);
    }
  };
}

/** Shared by all servers of this process, as its event loop is. */
export const partTurns = new PartTurns();
