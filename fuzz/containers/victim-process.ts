import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { HostileScript } from '@orrery/runtimes/fixtures';
import type { VictimReport, VictimRequest } from './victim.ts';

/** What became of a process that ran scripts. */
export type Outcome = VictimReport | { readonly died: string };

/** No process that is stalled for longer is waited for, in milliseconds. */
const patience = 10_000;

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
      clearTimeout(timer);
      child.stderr?.off('data', hear);
      child.removeAllListeners('message').removeAllListeners('exit');
      resolve(outcome);
    };
    const timer = setTimeout(() => settle({ died: `no answer for ${within} ms` }), within);
    child.stderr?.on('data', hear);
    child.once('message', (report: VictimReport) => settle(report));
    child.once('exit', (code, signal) => settle({ died: `exit ${code ?? signal}: ${words}` }));
  });
}
