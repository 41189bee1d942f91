import { absent, type LabelColumn } from './label-column.ts';

/** The nodes that passed all filters, in the order in which they were looked at, with their scores so far. */
export class Candidates {
  slots = new Int32Array(0);
  totals = new Float64Array(0);
  /** For whoever adds a score. */
  scratch = new Float64Array(0);
  count = 0;
  #seen = new Uint8Array(0);

  /** Empties it, with room for `most` nodes. */
  begin(most: number): void {
    this.count = 0;
    if (this.slots.length >= most) return;
    this.slots = new Int32Array(most);
    this.totals = new Float64Array(most);
    this.scratch = new Float64Array(most);
  }

  add(slot: number): void {
    this.slots[this.count++] = slot;
  }

  /** How many different values of a label there are, without the candidates (by index) that are passed over. */
  domains(column: LabelColumn, isPassedOver: (index: number) => boolean): number {
    if (this.#seen.length < column.size) this.#seen = new Uint8Array(2 * column.size);
    else this.#seen.fill(0, 0, column.size);
    let domains = 0;
    for (let i = 0; i < this.count; i++) {
      const domain = column.id(this.slots[i] as number);
      if (domain === absent || this.#seen[domain] === 1 || isPassedOver(i)) continue;
      this.#seen[domain] = 1;
      domains++;
    }
    return domains;
  }

  /** Makes the largest raw score 100 and adds the scores, times `weight`; with `reverse` the largest becomes 0. */
  addNormalized(rawOf: (slot: number) => number, weight: number, reverse: boolean): void {
    let max = 0;
    for (let i = 0; i < this.count; i++) {
      const raw = rawOf(this.slots[i] as number);
      this.scratch[i] = raw;
      if (raw > max) max = raw;
    }
    for (let i = 0; i < this.count; i++) {
      const share = max === 0 ? 0 : Math.floor(((this.scratch[i] as number) * 100) / max);
      this.totals[i] = (this.totals[i] as number) + (reverse ? 100 - share : share) * weight;
    }
  }
}
