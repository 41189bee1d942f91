import { Worker } from 'node:worker_threads';
import { Fifo } from '@orrery/core/assembly';
import { readYamlBody, type YamlBody } from '../rest/yaml-body.ts';
import type { YamlAnswer } from './yaml-thread.ts';

/** Characters up to which a text is read at once: that takes a few milliseconds. */
const shortText = 64 * 1024;

/** Milliseconds after which an idle thread ends. */
const idleMs = 10_000;

/** MiB of heap of a thread: what 3 MiB of YAML become, many times over. */
const threadHeap = 256;

interface Job {
  readonly text: string;
  resolve(body: YamlBody): void;
  reject(error: Error): void;
}

/**
 * Reads long bodies in YAML in a thread, one at a time, so that nobody else waits for them: 3 MiB may take half a second. The thread is
 * started with the first one, and ends when there were none for a while.
 */
export class YamlThreads {
  readonly #jobs = new Fifo<Job>();
  #thread: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;

  readonly read = async (text: string): Promise<YamlBody> => {
    if (text.length <= shortText) return readYamlBody(text);
    return new Promise((resolve, reject) => {
      this.#jobs.push({ text, resolve, reject });
      if (this.#jobs.length === 1) this.#next();
    });
  };

  /** Ends the thread; what waits for it is rejected. */
  close(): void {
    clearTimeout(this.#idle);
    void this.#thread?.terminate();
  }

  #next(): void {
    clearTimeout(this.#idle);
    const job = this.#jobs.first;
    if (job === undefined) {
      this.#idle = setTimeout(() => this.close(), idleMs).unref();
      this.#thread?.unref();
      return;
    }
    this.#thread ??= this.#start();
    this.#thread.ref();
    this.#thread.postMessage(job.text);
  }

  #start(): Worker {
    // The file has the ending of this one: `.js` where it is built.
    const file = new URL(import.meta.url.replace(/[^/]*(\.\w+)$/, 'yaml-thread$1'));
    const thread = new Worker(file, { resourceLimits: { maxOldGenerationSizeMb: threadHeap } });
    let cause: Error | undefined;
    thread.on('message', (answer: YamlAnswer) => {
      this.#settle((job) => {
        if ('error' in answer) job.reject(new Error(answer.error));
        else job.resolve({ value: JSON.parse(answer.json), duplicate: answer.duplicate });
      });
    });
    thread.on('error', (error) => {
      cause = error;
    });
    thread.on('exit', () => {
      if (this.#thread === thread) this.#thread = undefined;
      if (this.#jobs.first !== undefined)
        this.#settle((job) => job.reject(new Error('the document could not be read', { cause })));
    });
    return thread;
  }

  #settle(settle: (job: Job) => void): void {
    const job = this.#jobs.shift();
    if (job !== undefined) settle(job);
    this.#next();
  }
}
