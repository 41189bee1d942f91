import { errorText } from '@orrery/core';
import type { Process } from '../process/process.ts';
import { type Thread, threadModule } from './threads.ts';
import { ToolFiles } from './tool-files.ts';
import type { FromThread, ToThread } from './tool-messages.ts';
import { runTool, type ToolRequest, type ToolResult } from './tool-run.ts';

/** Threads for tools. A container has one at most, so that one is left for the others. */
const mostThreads = 2;
/** MiB of heap of each: what a tool makes of its input. Beyond, its container is OOM killed. */
const threadHeap = 512;

interface Job {
  readonly process: Process;
  readonly request: ToolRequest;
  settle(outcome: { readonly result: ToolResult } | { readonly error: Error } | 'killed'): void;
}

/**
 * Runs a text tool for a process, which counts as computing meanwhile. A tool cannot be interrupted while it computes: so it does that
 * in a thread of its own, wherever there are threads and time is real. In simulation it is part of the one history.
 * @throws ProcessEnd when the process was killed meanwhile.
 */
export async function runToolFor(process: Process, request: ToolRequest): Promise<ToolResult> {
  const { work } = process.kernel;
  if (work.ordered || threadModule() === undefined) {
    const result = await runTool(request, new ToolFiles(process));
    process.check();
    return result;
  }
  const outcome = await new Promise<Parameters<Job['settle']>[0]>((resolve) => {
    const forget = process.whenEnded(() => threads.drop(job));
    const job: Job = {
      process,
      request,
      settle: (outcome) => {
        forget();
        resolve(outcome);
      },
    };
    threads.add(job);
  });
  process.check();
  if (outcome === 'killed') throw new Error('killed');
  if ('error' in outcome) throw outcome.error;
  return outcome.result;
}

/** The threads of this process and what waits for them, served by container in rotation. */
class ToolThreads {
  readonly #waiting = new Map<object, Job[]>();
  readonly #running = new Map<Thread, Job>();
  readonly #idle: Thread[] = [];

  add(job: Job): void {
    const line = this.#waiting.get(job.process.realm);
    if (line === undefined) this.#waiting.set(job.process.realm, [job]);
    else line.push(job);
    this.#next();
  }

  /** The job's process has ended. */
  drop(job: Job): void {
    const { realm } = job.process;
    const line = this.#waiting.get(realm)?.filter((other) => other !== job) ?? [];
    if (line.length > 0) this.#waiting.set(realm, line);
    else this.#waiting.delete(realm);
    for (const [thread, running] of this.#running) if (running === job) this.#lose(thread);
    job.settle('killed');
  }

  /** Starts what waits, while there are threads. */
  #next(): void {
    for (let job = this.#take(); job !== undefined; job = this.#take()) this.#start(job);
  }

  /** The next job of a container that has no thread, which goes to the end of the rotation. */
  #take(): Job | undefined {
    if (this.#running.size >= mostThreads) return undefined;
    const busy = new Set<object>([...this.#running.values()].map(({ process }) => process.realm));
    for (const [realm, line] of this.#waiting) {
      if (busy.has(realm)) continue;
      this.#waiting.delete(realm);
      const job = line.shift();
      if (line.length > 0) this.#waiting.set(realm, line);
      return job;
    }
    return undefined;
  }

  #start(job: Job): void {
    const thread = this.#idle.pop() ?? this.#open();
    this.#running.set(thread, job);
    thread.ref();
    const message: ToThread = { type: 'run', request: job.request };
    thread.postMessage(message);
  }

  #open(): Thread {
    const module = threadModule();
    if (module === undefined) throw new Error('there are no threads here');
    // Beside this file, which is TypeScript in the workspace and JavaScript when published.
    const file = new URL(import.meta.url.replace(/[^/]*(\.\w+)$/, 'tool-thread$1'));
    const thread = new module.Worker(file, { resourceLimits: { maxOldGenerationSizeMb: threadHeap } });
    thread.on('message', (message: FromThread) => this.#hear(thread, message));
    thread.on('error', (error) => {
      const job = this.#running.get(thread);
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') job?.process.killForMemory();
      this.#finish(thread, { error });
    });
    thread.on('exit', () => this.#finish(thread, { error: new Error('the tool has ended without a result') }));
    return thread;
  }

  #hear(thread: Thread, message: FromThread): void {
    const job = this.#running.get(thread);
    if (job === undefined) return;
    if (message.type === 'call') void answer(job, message).then((reply) => this.#reply(thread, job, reply));
    else {
      this.#running.delete(thread);
      thread.unref();
      this.#idle.push(thread);
      job.settle(message.type === 'result' ? message : { error: new Error(message.message) });
      this.#next();
    }
  }

  #reply(thread: Thread, job: Job, reply: ToThread): void {
    if (this.#running.get(thread) === job) thread.postMessage(reply);
  }

  #finish(thread: Thread, outcome: { readonly error: Error }): void {
    const job = this.#running.get(thread);
    this.#running.delete(thread);
    const at = this.#idle.indexOf(thread);
    if (at >= 0) this.#idle.splice(at, 1);
    job?.settle(outcome);
    this.#next();
  }

  #lose(thread: Thread): void {
    this.#running.delete(thread);
    void thread.terminate();
    this.#next();
  }
}

const threads = new ToolThreads();

type Call = Extract<FromThread, { type: 'call' }>;

/** Carries out a file operation of a tool for its process. */
async function answer({ process }: Job, { call, method, args }: Call): Promise<ToThread> {
  const files = new ToolFiles(process) as unknown as { [name: string]: (...args: readonly unknown[]) => unknown };
  try {
    return { type: 'answer', call, value: await files[method]?.(...args) };
  } catch (error) {
    const { code } = error as { readonly code?: string };
    return { type: 'refusal', call, message: errorText(error), code };
  }
}
