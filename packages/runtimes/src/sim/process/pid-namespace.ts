import type { Process } from './process.ts';

/**
 * The processes that see each other (pid_namespaces(7)). Numbers are counted per namespace; a process of a Pod also has a
 * number in the node's.
 */
export class PidNamespace {
  /** The node's own; absent for the node's. */
  readonly parent: PidNamespace | undefined;
  readonly processes = new Map<number, Process>();
  #last = 0;

  constructor(parent?: PidNamespace) {
    this.parent = parent;
  }

  /** Gives the process its number here. */
  add(process: Process): number {
    do {
      this.#last = this.#last >= 4_194_303 ? 300 : this.#last + 1;
    } while (this.processes.has(this.#last));
    this.processes.set(this.#last, process);
    return this.#last;
  }

  remove(pid: number): void {
    this.processes.delete(pid);
  }

  /** In order of their numbers. */
  list(): readonly (readonly [number, Process])[] {
    return [...this.processes].sort(([one], [other]) => one - other);
  }
}
