import type { NodeFailure } from '../node-failures.ts';
import type { Failure } from '../plugin.ts';

/** The verdict on a node that fits. */
export const fits = 0;
/** The verdict on a slot without a node. */
export const noNode = -1;

/** Verdicts are numbers: {@link fits}, {@link noNode}, or the number of the failure, of which equal ones have the same. */
export class FailureTable {
  readonly #failures: (NodeFailure | undefined)[] = [undefined];
  readonly #numbers = new Map<string, number>();

  get size(): number {
    return this.#failures.length;
  }

  number(plugin: string, { reasons, unresolvable }: Failure): number {
    const key = JSON.stringify([plugin, unresolvable, reasons]);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#failures.length;
      this.#failures.push({ plugin, reasons, unresolvable });
      this.#numbers.set(key, number);
    }
    return number;
  }

  failure(verdict: number): NodeFailure | undefined {
    return this.#failures[verdict];
  }
}
