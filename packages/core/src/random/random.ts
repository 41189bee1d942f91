/** Chance, injected: nothing else draws random numbers, so that one seed gives one history. */
export interface Random {
  /** A number from 0 (inclusive) to 1 (exclusive). */
  next(): number;
  /** An integer from 0 (inclusive) to `bound` (exclusive). */
  integer(bound: number): number;
  bytes(length: number): Uint8Array;
  /** A version 4 UUID. */
  uuid(): string;
  /** `length` characters of the alphabet that Kubernetes uses in generated names: `bcdfghjklmnpqrstvwxz2456789`. */
  nameSuffix(length: number): string;
  /** An independent generator whose numbers are decided by this one's seed and the label: loops do not disturb each other's. */
  fork(label: string): Random;
}
