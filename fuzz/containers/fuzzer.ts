import type { HostileScript } from '@orrery/runtimes/fixtures';
import type { Fuzzer } from '../fuzzer.ts';
import { runRounds } from '../rounds.ts';
import { longestStall } from '../stalls.ts';
import { script } from './scripts.ts';
import { type Outcome, VictimProcess } from './victim-process.ts';

/** Containers that run side by side. */
const together = 40;
/** Milliseconds for which they run. */
const span = 200;
/** MiB of heap of that process. */
const heap = 1024;
/** MB that may be held after all containers were removed, beyond what was held after the first. */
const mayStay = 64;
/** Scripts of containers, 40 containers at a time: none may end the process that simulates them, stall it, or fill it for good. */
export const fuzzer: Fuzzer = async (options) => {
  const trial = new Trial(options.timed ?? true);
  const result = await runRounds(
    {
      arbitrary: script,
      size: together,
      run: async (scripts) => {
        const broken = await trial.run(scripts);
        return { cases: scripts.length, ...(broken === undefined ? {} : { problem: { broken } }) };
      },
      figures: () => [
        `longest stall of the process: ${trial.stall.toFixed(0)} ms`,
        `held after the last containers were removed, beyond the first: ${trial.stayed.toFixed(0)} MB`,
      ],
    },
    options,
  );
  trial.end();
  return result;
};

/** Runs scripts in a process, and says what they break there. */
class Trial {
  readonly #victim = new VictimProcess(heap);
  readonly #timed: boolean;
  #first: number | undefined;
  #last = 0;
  /** The longest stall that no promise forbids, in milliseconds. */
  stall = 0;

  constructor(timed: boolean) {
    this.#timed = timed;
  }

  /** MB held beyond what was held after the first containers. */
  get stayed(): number {
    return (this.#last - (this.#first ?? this.#last)) / 1e6;
  }

  async run(scripts: readonly HostileScript[]): Promise<string | undefined> {
    const problem = this.#problem(await this.#victim.run(scripts, span));
    if (problem === undefined) return undefined;
    // What was broken must not break the next case too.
    this.end();
    this.#first = undefined;
    return problem;
  }

  #problem(outcome: Outcome): string | undefined {
    if ('died' in outcome) return `the process died: ${outcome.died}`;
    this.#first ??= outcome.held;
    this.#last = outcome.held;
    if (this.#timed && outcome.stall > longestStall)
      return `the process was stalled for ${outcome.stall.toFixed(0)} ms`;
    this.stall = Math.max(this.stall, outcome.stall);
    return this.stayed > mayStay ? `${this.stayed.toFixed(0)} MB stayed after the containers were gone` : undefined;
  }

  end(): void {
    this.#victim.end();
  }
}
