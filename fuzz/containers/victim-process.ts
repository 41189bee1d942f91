import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostileScript } from '@orrery/runtimes/fixtures';
import type { VictimReport, VictimRequest } from './victim.ts';

/** What became of a process that ran scripts. */
export type Outcome = VictimReport | { readonly died: string };

/** A process that has computed for longer without an answer is not waited for, in milliseconds of its main thread. */
const patience = 5000;
/** Nor is one that has not answered for so long, whatever it did, in milliseconds. */
const longestWait = 120_000;

/** A process that runs containers, started when it is needed and again after it has died. */
export class VictimProcess {
  #child: ChildProcess | undefined;
  readonly #heapMiB: number;

  constructor(heapMiB: number) {
    this.#heapMiB = heapMiB;
  }

  /** Runs scripts side by side for `span` milliseconds at most. */
  async run(scripts: readonly HostileScript[], span: number): Promise<Outcome> {
    this.#child ??= await this.#start();
    const child = this.#child;
    const request: VictimRequest = { scripts, span };
    child.send(request);
    const outcome = await answerOf(child, span + patience);
    if ('died' in outcome) this.end();
    return outcome;
  }

  async #start(): Promise<ChildProcess> {
    const child = fork(join(import.meta.dirname, 'victim.ts'), [], {
      execArgv: [`--max-old-space-size=${this.#heapMiB}`, '--expose-gc', '--no-warnings'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', (code) => reject(new Error(`the process that runs containers ended with ${code}`)));
    });
    child.removeAllListeners('exit');
    return child;
  }

  end(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}

function answerOf(child: ChildProcess, within: number): Promise<Outcome> {
  return new Promise((resolve) => {
    let words = '';
    const hear = (chunk: Buffer) => {
      words = (words + chunk.toString()).slice(-2000);
    };
    const settle = (outcome: Outcome) => {
      clearInterval(timer);
      child.stderr?.off('data', hear);
      child.removeAllListeners('message').removeAllListeners('exit');
      resolve(outcome);
    };
    const [began, computed] = [performance.now(), computeTime(child)];
    const timer = setInterval(() => {
      const waited = performance.now() - began;
      // On a machine that is busy with other things, only what it has computed counts.
      const spent = Math.min(waited, computeTime(child) - computed);
      if (spent > within || waited > longestWait) settle({ died: `no answer for ${spent.toFixed(0)} ms of computing` });
    }, 500);
    child.stderr?.on('data', hear);
    child.once('message', (report: VictimReport) => settle(report));
    child.once('exit', (code, signal) => settle({ died: `exit ${code ?? signal}: ${words}` }));
  });
}

/** Milliseconds that the main thread of a process has computed; without /proc, time that has passed. */
function computeTime({ pid }: ChildProcess): number {
  try {
    const fields = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * millisecondsPerTick;
  } catch {
    return performance.now();
  }
}

/** Of /proc (USER_HZ). */
const millisecondsPerTick = 10;
