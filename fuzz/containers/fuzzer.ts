import fc from 'fast-check';
import type { Fuzzer, FuzzFailure } from '../fuzzer.ts';
import { script } from './scripts.ts';
import { type Outcome, VictimProcess } from './victim-process.ts';

/** Containers that run side by side. */
const together = 25;
/** Milliseconds for which they run. */
const span = 250;
/** Milliseconds for which the process around them may be stalled. */
const longestStall = 200;
/** MiB of heap of that process. */
const heap = 1024;
/** MB that may be held after all containers were removed, beyond what was held after the first. */
const mayStay = 64;
/** Failures after which a run ends. */
const enoughFailures = 5;

/** Scripts of containers, 25 containers at a time: none may end the process that simulates them, stall it, or fill it for good. */
export const fuzzer: Fuzzer = async ({ seed, over, note }) => {
  const victim = new VictimProcess(heap);
  const failures: FuzzFailure[] = [];
  const show = { cases: 0, stall: 0, first: undefined as number | undefined, last: 0, noted: 0 };
  const broken = (outcome: Outcome): string | undefined => {
    if ('died' in outcome) return `the process died: ${outcome.died}`;
    show.stall = Math.max(show.stall, outcome.stall);
    show.first ??= outcome.held;
    show.last = outcome.held;
    if (outcome.stall > longestStall) return `the process was stalled for ${outcome.stall.toFixed(0)} ms`;
    const stayed = (outcome.held - show.first) / 1e6;
    return stayed > mayStay ? `${stayed.toFixed(0)} MB stayed after the containers were gone` : undefined;
  };
  for (let round = 0; !over() && failures.length < enoughFailures; round++) {
    const property = fc.asyncProperty(
      fc.array(script, { minLength: 1, maxLength: together, size: 'max' }),
      async (scripts) => {
        const problem = broken(await victim.run(scripts, span));
        if (problem === undefined) {
          show.cases += scripts.length;
          return;
        }
        // What was broken must not break the next case too.
        victim.end();
        show.first = undefined;
        throw new Error(problem);
      },
    );
    const details = await fc.check(property, { seed: seed + round, numRuns: 20, interruptAfterTimeLimit: 600_000 });
    if (details.failed && details.counterexample !== null) {
      const scripts = details.counterexample[0].map((each) => JSON.stringify(each)).join('\n');
      failures.push({
        broken: `${details.errorInstance instanceof Error ? details.errorInstance.message : details.errorInstance}`,
        example: `seed ${seed + round}, path ${details.counterexamplePath}\n${scripts}`,
      });
      note(`broken: ${failures.at(-1)?.broken}\n${scripts.slice(0, 2000)}`);
    }
    if (show.cases - show.noted >= 5000) {
      show.noted = show.cases;
      note(`${show.cases} scripts, longest stall ${show.stall.toFixed(0)} ms`);
    }
  }
  victim.end();
  const stayed = (show.last - (show.first ?? show.last)) / 1e6;
  return {
    cases: show.cases,
    failures,
    figures: [
      `longest stall of the process: ${show.stall.toFixed(0)} ms`,
      `held after the last containers were removed, beyond the first: ${stayed.toFixed(0)} MB`,
    ],
  };
};
