import { isJsonObject } from '../json.ts';
import { failures } from '../status.ts';

/** Visits that every patch may take. */
const alwaysAllowed = 100_000;

/** Visits of each value of the document and of the patch. A patch that names every item once needs fewer. */
const allowedEach = 4;

/**
 * Counts what a strategic merge visits of lists and maps. Items that a patch names again and again merge one after another, each
 * time with all that came before, which takes quadratic time.
 */
export class MergeWork {
  readonly #values: readonly unknown[];
  #visits = 0;
  #allowed = alwaysAllowed;
  #isCounted = false;

  /** @param values the document and the patch */
  constructor(...values: readonly unknown[]) {
    this.#values = values;
  }

  /** @throws StatusError RequestEntityTooLarge if a patch takes more than its size explains */
  visit(count: number): void {
    this.#visits += count;
    if (this.#visits <= this.#allowed) return;
    if (!this.#isCounted) {
      this.#isCounted = true;
      this.#allowed += allowedEach * this.#values.reduce<number>((sum, value) => sum + size(value), 0);
      if (this.#visits <= this.#allowed) return;
    }
    throw failures.entityTooLarge('the patch names the same items too often');
  }
}

function size(value: unknown): number {
  let count = 1;
  if (Array.isArray(value)) for (const item of value) count += size(item);
  else if (isJsonObject(value)) for (const field in value) count += size(value[field]);
  return count;
}
