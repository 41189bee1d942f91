/**
 * A row of the benchmark: one case, measured at a given size. A round of it runs in a process of its own. Importing a row must
 * start nothing.
 */
export interface Row<Size = unknown, Name extends string = string> {
  /** The case, in words. */
  readonly what: string;
  /** The size that the goals are about. */
  readonly full: Size;
  /** A size that takes about a second: with `--quick` a row only has to run. */
  readonly quick: Size;
  /** Measured first, in the same process, and thrown away. Default: `quick`; `false` for what must start cold. */
  readonly warmUp?: Size | false;
  /** Processes whose medians are reported. Default 3; 1 for rows that take minutes. */
  readonly rounds?: number;
  /** Seconds after which a round is ended and has failed. Default 120. */
  readonly limit?: number;
  /** The largest heap, in MB, of a round's process (`--max-old-space-size`). Default: Node's own, 4 GB on most machines. */
  readonly heap?: number;
  readonly figures: { readonly [name in Name]: Figure };
  /** Measures once. @throws Error if the case does not end as it must: wrong work is never fast */
  measure(size: Size): Promise<{ readonly [name in Name]: Measured }>;
}

/** What a row measures. */
export interface Figure {
  readonly what: string;
  readonly unit: 's' | 'ms' | 'µs' | 'MB' | 'KB' | 'bytes' | '%' | '% of a core' | 'per s' | '×' | 'count';
  /** About the full size. */
  readonly goal?: Goal;
  readonly anchor?: Anchor;
}

/** The most or the least that a value may be, in the unit of its figure. */
export type Goal = { readonly atMost: number } | { readonly atLeast: number };

/** What another system reaches in the same case. */
export interface Anchor {
  /** In the unit of its figure. */
  readonly value: number;
  /** What was measured, and by whom. */
  readonly source: string;
}

export interface Measured {
  /** In the unit of its figure. */
  readonly value: number;
  /** CPU time that this process used meanwhile. On a shared machine, only this can be compared. */
  readonly cpuSeconds?: number;
}

/** Declares a row: the default export of `bench/rows/NAME.ts`. */
export function defineRow<Size, Name extends string>(row: Row<Size, Name>): Row<Size, Name> {
  return row;
}

export function atMost(value: number): Goal {
  return { atMost: value };
}

export function atLeast(value: number): Goal {
  return { atLeast: value };
}
