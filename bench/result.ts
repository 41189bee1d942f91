import type { Anchor, Figure, Goal, Measured, Row } from './row.ts';

/** What a row of a run came to. */
export interface RowResult {
  readonly row: string;
  readonly what: string;
  /** Empty if the row failed. */
  readonly figures: readonly FigureResult[];
  /** Why it failed. */
  readonly error?: string;
}

/** The median of a figure's rounds, beside its goal. */
export interface FigureResult {
  readonly name: string;
  readonly what: string;
  readonly value: number;
  readonly unit: Figure['unit'];
  readonly cpuSeconds?: number;
  readonly goal?: Goal;
  /** Whether the goal is reached. Absent without a goal, and at a size that the goal is not about. */
  readonly reached?: boolean;
  readonly anchor?: Anchor;
}

/** One round of a row: a value for each of its figures. */
export type Round = { readonly [name: string]: Measured };

/** The result of a row: the medians of its rounds. @throws Error if a round lacks a figure, or has one that is not a number */
export function rowResult(name: string, row: Row, rounds: readonly Round[], judged: boolean): RowResult {
  const figures = Object.entries(row.figures).map(([figureName, figure]) => {
    const measured = rounds.map((round) => {
      const found = round[figureName];
      if (found === undefined || !Number.isFinite(found.value)) throw new Error(`${figureName} has not been measured`);
      return found;
    });
    return figureResult(figureName, figure, measured, judged);
  });
  return { row: name, what: row.what, figures };
}

function figureResult(name: string, figure: Figure, measured: readonly Measured[], judged: boolean): FigureResult {
  const { what, unit, goal, anchor } = figure;
  const value = median(measured.map((round) => round.value));
  const cpuSeconds = measured.flatMap((round) => round.cpuSeconds ?? []);
  return {
    name,
    what,
    value,
    unit,
    ...(cpuSeconds.length === measured.length ? { cpuSeconds: median(cpuSeconds) } : {}),
    ...(goal === undefined ? {} : { goal }),
    ...(goal === undefined || !judged ? {} : { reached: isReached(goal, value) }),
    ...(anchor === undefined ? {} : { anchor }),
  };
}

export function isReached(goal: Goal, value: number): boolean {
  return 'atMost' in goal ? value <= goal.atMost : value >= goal.atLeast;
}

/** The value in the middle; the mean of the two in the middle if their number is even. NaN for no values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}
