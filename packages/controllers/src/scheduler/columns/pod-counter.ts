import type { PodGroup } from '../cluster-state.ts';
import { absent, type LabelColumn } from './label-column.ts';
import type { SlotRule } from './label-rule.ts';
import type { NodeColumns } from './node-columns.ts';
import { IntColumn } from './number-columns.ts';

/** What a {@link PodCounter} counts. */
export interface CounterRule {
  /** Nodes with the same value of this label are one domain. */
  readonly topologyKey: string;
  /** How much each Pod of a group counts; 0 for groups that do not count. Asked once for each group. */
  weightOf(group: PodGroup): number;
  /** Whether Pods of a node count. Default: of all nodes that exist. */
  readonly counts?: SlotRule;
}

/** The weights of Pods, summed up by topology domain. Each Pod that comes or goes changes one sum. */
export class PodCounter {
  readonly rule: CounterRule;
  readonly column: LabelColumn;
  /** Sums by domain. */
  readonly sums = new IntColumn();
  readonly #columns: NodeColumns;
  /** How many nodes count, by domain. */
  readonly #nodes = new IntColumn();
  readonly #bySlot = new IntColumn();
  /** The domain under which a slot is counted, plus one. */
  readonly #domains = new IntColumn();
  #seen = Number.NEGATIVE_INFINITY;
  #total = 0;
  #least: { readonly sum: number; readonly domains: number } | undefined;

  constructor(rule: CounterRule, columns: NodeColumns) {
    this.rule = rule;
    this.#columns = columns;
    this.column = columns.label(rule.topologyKey);
  }

  /** The sum over all domains. */
  get total(): number {
    return this.#total;
  }

  /** The lowest sum of a domain that has nodes that count, and how many such domains there are. */
  get least(): { readonly sum: number; readonly domains: number } {
    this.#least ??= this.#findLeast();
    return this.#least;
  }

  /** Pods came (or went, with an amount below 0). */
  add(slot: number, amount: number): void {
    this.#bySlot.add(slot, amount);
    const domain = this.#domains.get(slot) - 1;
    if (domain !== absent) this.#count(domain, amount);
  }

  /** Takes in what has changed about nodes. */
  sync(): void {
    const { nodeChanges, size } = this.#columns;
    if (this.#seen === nodeChanges.end) return;
    if (nodeChanges.reaches(this.#seen, size)) {
      for (let i = this.#seen; i < nodeChanges.end; i++) this.#move(nodeChanges.at(i));
    } else {
      this.#domains.reserve(size);
      for (let slot = 0; slot < size; slot++) this.#move(slot);
    }
    this.#seen = nodeChanges.end;
  }

  #move(slot: number): void {
    const before = this.#domains.get(slot) - 1;
    const isCounted = this.#columns.present.has(slot) && this.rule.counts?.(slot) !== false;
    const after = isCounted ? this.column.id(slot) : absent;
    if (before === after) return;
    const amount = this.#bySlot.get(slot);
    if (before !== absent) {
      this.#nodes.add(before, -1);
      this.#count(before, -amount);
    }
    if (after !== absent) {
      this.#nodes.add(after, 1);
      this.#count(after, amount);
    }
    this.#domains.set(slot, after + 1);
  }

  #count(domain: number, amount: number): void {
    this.sums.add(domain, amount);
    this.#total += amount;
    this.#least = undefined;
  }

  #findLeast(): { readonly sum: number; readonly domains: number } {
    let sum = Number.POSITIVE_INFINITY;
    let domains = 0;
    for (let domain = 0; domain < this.column.size; domain++) {
      if (this.#nodes.get(domain) === 0) continue;
      domains++;
      sum = Math.min(sum, this.sums.get(domain));
    }
    return { sum, domains };
  }
}
