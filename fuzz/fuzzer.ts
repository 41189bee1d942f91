/** What a run of a fuzzer is given. */
export interface FuzzOptions {
  /** Decides all cases: the same seed gives the same ones, in the same order. */
  readonly seed: number;
  /** Whether promises of how long something takes are judged. Default true; a test says no, for it may run on any machine. */
  readonly timed?: boolean;
  /** Asked before each case, or before each round of cases that run side by side; the run ends once it is true. */
  over(): boolean;
  /** Reports progress, in one line. */
  note(line: string): void;
}

/** A case that broke a promise. */
export interface FuzzFailure {
  /** What was promised and did not hold. */
  readonly broken: string;
  /** The smallest case found, in a form that can be tried by hand. */
  readonly example: string;
}

/** What a run showed. */
export interface FuzzResult {
  /** How many cases were run. */
  readonly cases: number;
  readonly failures: readonly FuzzFailure[];
  /** What was measured, with units: `longest stall: 12 ms`. */
  readonly figures: readonly string[];
}

/** Runs made-up cases of one kind until told to end. A failure is a result, not an error. */
export type Fuzzer = (options: FuzzOptions) => Promise<FuzzResult>;
