import type { HostileScript } from '@orrery/runtimes/fixtures';
import fc from 'fast-check';
import type { Fuzzer, FuzzFailure } from '../fuzzer.ts';
import { script } from './scripts.ts';
import { type Outcome, VictimProcess } from './victim-process.ts';

/** Containers that run side by side. */
const together = 40;
/** Milliseconds for which they run. */
const span = 200;
/** Milliseconds for which the process around them may be stalled. */
const longestStall = 200;
/** MiB of heap of that process. */
const heap = 1024;
/** MB that may be held after all containers were removed, beyond what was held after the first. */
const mayStay = 64;
/** Failures after which a run ends. */
const enoughFailures = 5;

/** Milliseconds for which one failure is shrunk. */
const shrinking = 60_000;

/** Scripts of containers, 40 containers at a time: none may end the process that simulates them, stall it, or fill it for good. */
export const fuzzer: Fuzzer = async ({ seed, over, note, timed = true }) => {
  const trial = new Trial(timed);
  const failures: FuzzFailure[] = [];
  let cases = 0;
  for (let round = 0; !over() && failures.length < enoughFailures; round++) {
    const scripts = await generated(seed + round);
    const problem = await trial.run(scripts);
    cases += scripts.length;
    if (problem !== undefined) {
      const failure = await explained(trial, seed + round, scripts, problem);
      failures.push(failure);
      note(`broken: ${failure.broken}\n${failure.example.slice(0, 2000)}`);
    }
    if (round % 200 === 199) note(`${cases} scripts, longest stall ${trial.stall.toFixed(0)} ms`);
  }
  trial.end();
  return {
    cases,
    failures,
    figures: [
      `longest stall of the process: ${trial.stall.toFixed(0)} ms`,
      `held after the last containers were removed, beyond the first: ${trial.stayed.toFixed(0)} MB`,
    ],
  };
};

/** The scripts of a seed, which run side by side. */
async function generated(seed: number): Promise<readonly HostileScript[]> {
  const scripts: HostileScript[] = [];
  await fc.check(
    fc.asyncProperty(script, async (each) => void scripts.push(each)),
    { seed, numRuns: together },
  );
  return scripts;
}

/** Finds which of the scripts breaks the promise alone, and the smallest that does. */
async function explained(
  trial: Trial,
  seed: number,
  scripts: readonly HostileScript[],
  problem: string,
): Promise<FuzzFailure> {
  for (const culprit of scripts) {
    if ((await trial.run([culprit])) === undefined) continue;
    let reached = false;
    const property = fc.asyncProperty(script, async (each) => {
      reached ||= each.script === culprit.script;
      const found = reached ? await trial.run([each]) : undefined;
      if (found !== undefined) throw new Error(found);
    });
    const details = await fc.check(property, { seed, numRuns: together, interruptAfterTimeLimit: shrinking });
    const [smallest] = details.counterexample ?? [culprit];
    const { errorInstance } = details;
    return {
      broken: errorInstance instanceof Error ? errorInstance.message : problem,
      example: `seed ${seed}\n${JSON.stringify(smallest)}`,
    };
  }
  return {
    broken: `${problem} (together only)`,
    example: `seed ${seed}\n${scripts.map((each) => JSON.stringify(each)).join('\n')}`,
  };
}

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
