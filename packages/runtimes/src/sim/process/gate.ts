import type { Process } from './process.ts';

/** Where writers wait while nobody outside reads what they write. */
export class Gate {
  #held = false;
  readonly #waiting = new Set<() => void>();

  hold(held: boolean): void {
    this.#held = held;
    if (held) return;
    const all = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of all) wake();
  }

  /** Lets a process pass that has written something; a promise while the gate is held. */
  pass(process: Process): void | Promise<void> {
    if (this.#held) return this.#opened(process);
  }

  async #opened(process: Process): Promise<void> {
    while (this.#held) {
      await process.park<void>((wake) => {
        const passed = () => wake();
        this.#waiting.add(passed);
        return () => this.#waiting.delete(passed);
      });
    }
  }
}
