import type { Process } from '../process/process.ts';

/** A background command. */
export interface Job {
  readonly number: number;
  /** The last of its pipeline, whose status is the job's. */
  readonly process: Process;
  readonly text: string;
}

/** Background commands of one shell that have not been waited for. */
export class Jobs {
  readonly #jobs = new Map<number, Job>();
  #next = 1;

  add(process: Process, text: string): Job {
    if (this.#jobs.size === 0) this.#next = 1;
    if (this.#jobs.size >= 1000) for (const old of this.list()) if (old.process.ended) this.remove(old);
    const job = { number: this.#next++, process, text };
    this.#jobs.set(job.number, job);
    return job;
  }

  list(): readonly Job[] {
    return [...this.#jobs.values()];
  }

  remove(job: Job): void {
    this.#jobs.delete(job.number);
  }

  /** By process number, or `%1`, `%%`, `%+`. */
  find(text: string): Job | undefined {
    if (text === '%%' || text === '%+' || text === '%') return this.list().at(-1);
    if (text.startsWith('%')) return this.#jobs.get(Number(text.slice(1)));
    return this.list().find((job) => String(job.process.pid) === text);
  }
}
