import { type Round, type RowResult, rowResult } from './result.ts';
import type { Row } from './row.ts';

/** What a round's process may use. */
export interface RoundLimits {
  /** Seconds after which it is ended. */
  readonly seconds: number;
  /** MB of heap. Default: Node's own. */
  readonly heap?: number;
}

/** How a row is measured. */
export interface MeasureOptions {
  /** One round, and no goal is judged. */
  readonly quick: boolean;
  load(name: string): Promise<Row>;
  /** Measures one round. @throws Error why it failed */
  round(name: string, limits: RoundLimits): Promise<Round>;
  /** Is called before each round; counts from 1. */
  progress(round: number, rounds: number): void;
}

/** Measures all rounds of a row. What it throws, or fails at, is part of the result. */
export async function measureRow(name: string, options: MeasureOptions): Promise<RowResult> {
  try {
    const row = await options.load(name);
    const count = options.quick ? 1 : (row.rounds ?? 3);
    const { limit: seconds = 120, heap } = row;
    const limits = { seconds, ...(heap === undefined ? {} : { heap }) };
    const rounds: Round[] = [];
    for (let round = 1; round <= count; round++) {
      options.progress(round, count);
      rounds.push(await options.round(name, limits));
    }
    return rowResult(name, row, rounds, !options.quick);
  } catch (error) {
    return { row: name, what: '', figures: [], error: error instanceof Error ? error.message : String(error) };
  }
}
