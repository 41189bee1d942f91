import fc from 'fast-check';
import type { FuzzFailure, FuzzOptions, FuzzResult } from './fuzzer.ts';

/** What cases broke. */
export interface Broken<T> {
  readonly broken: string;
  /** The one that did, if it is known. */
  readonly culprit?: T;
}

/** How cases of one kind are run. */
export interface Rounds<T> {
  readonly arbitrary: fc.Arbitrary<T>;
  /** Cases of one round, which have one seed. */
  readonly size: number;
  /** Runs cases, many of them side by side, until told to end; gives how many were run, and what they broke. */
  run(cases: readonly T[], over: () => boolean): Promise<{ readonly cases: number; readonly problem?: Broken<T> }>;
  /** What was measured until now, with units. */
  figures(): readonly string[];
}

/** Failures after which a run ends. */
const enoughFailures = 5;

/** Milliseconds for which one failure is shrunk. */
const shrinking = 60_000;

/** Cases between two lines of progress. */
const casesPerLine = 10_000;

/** Runs rounds of made-up cases, each with a seed of its own, until told to end. What breaks a promise is shrunk to the smallest case that does so alone. */
export async function runRounds<T>(rounds: Rounds<T>, { seed, over, note }: FuzzOptions): Promise<FuzzResult> {
  const failures: FuzzFailure[] = [];
  let cases = 0;
  let noted = 0;
  for (let round = 0; failures.length < enoughFailures && !over(); round++) {
    const made = await madeUp(rounds, seed + round);
    const { cases: run, problem } = await rounds.run(made, over);
    cases += run;
    if (problem !== undefined) {
      const failure = await explained(rounds, seed + round, made, problem);
      failures.push(failure);
      note(`broken: ${failure.broken}\n${failure.example.slice(0, 2000)}`);
    }
    if (cases < noted + casesPerLine) continue;
    noted = cases;
    note([`seed ${seed + round}: ${cases} cases`, ...rounds.figures()].join(', '));
  }
  return { cases, failures, figures: rounds.figures() };
}

/** Runs tasks side by side, so many at a time; no more are begun once it is over. Gives the number of those that were. */
export async function sideBySide<T>(
  items: readonly T[],
  together: number,
  over: () => boolean,
  task: (item: T) => Promise<void>,
): Promise<number> {
  let next = 0;
  const one = async () => {
    while (next < items.length && !over()) await task(items[next++] as T);
  };
  await Promise.all(Array.from({ length: together }, one));
  return next;
}

async function madeUp<T>({ arbitrary, size }: Rounds<T>, seed: number): Promise<readonly T[]> {
  const cases: T[] = [];
  const property = fc.asyncProperty(arbitrary, async (each) => void cases.push(each));
  await fc.check(property, { seed, numRuns: size });
  return cases;
}

/** Finds which of the cases breaks the promise alone, and the smallest that does. */
async function explained<T>(
  rounds: Rounds<T>,
  seed: number,
  cases: readonly T[],
  { broken, culprit }: Broken<T>,
): Promise<FuzzFailure> {
  const alone = async (each: T) => (await rounds.run([each], () => false)).problem;
  for (const suspect of culprit === undefined ? cases : [culprit]) {
    if ((await alone(suspect)) === undefined) continue;
    let reached = false;
    const property = fc.asyncProperty(rounds.arbitrary, async (each) => {
      reached ||= JSON.stringify(each) === JSON.stringify(suspect);
      const found = reached ? await alone(each) : undefined;
      if (found !== undefined) throw new Error(found.broken);
    });
    const details = await fc.check(property, { seed, numRuns: rounds.size, interruptAfterTimeLimit: shrinking });
    const [smallest] = details.counterexample ?? [suspect];
    const { errorInstance } = details;
    return {
      broken: errorInstance instanceof Error ? errorInstance.message : broken,
      example: `seed ${seed}\n${JSON.stringify(smallest)}`,
    };
  }
  const together = culprit === undefined ? cases : [culprit];
  return {
    broken: `${broken} (not alone)`,
    example: `seed ${seed}\n${together.map((each) => JSON.stringify(each)).join('\n')}`,
  };
}
