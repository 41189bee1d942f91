/** What a row of the benchmark measured. */
export interface Measured {
  readonly what: string;
  readonly figures: readonly Figure[];
}

interface Figure {
  readonly name: string;
  readonly value: number;
  /** `ms`, `s`, `MB`, `µs`. */
  readonly unit: string;
  /** What the value must not exceed. */
  readonly goal?: number;
}
