import type { PodGroup } from '../cluster-state.ts';
import type { NodeColumns } from './node-columns.ts';
import { type CounterRule, PodCounter } from './pod-counter.ts';

/** As many counters are kept; beyond, the one that was not used for longest is dropped. */
const mostCounters = 128;

interface Link {
  readonly counter: PodCounter;
  readonly weight: number;
}

/** The counters in use. Each group of Pods knows the counters that count it, so a Pod changes those only. */
export class PodCounters {
  readonly #columns: NodeColumns;
  /** In the order of their last use. */
  readonly #counters = new Map<string, PodCounter>();
  readonly #links = new Map<PodGroup, Link[]>();
  /** The groups that a counter counts. */
  readonly #counted = new Map<PodCounter, Set<PodGroup>>();
  readonly #slotOf: (node: string) => number | undefined;

  constructor(columns: NodeColumns, slotOf: (node: string) => number | undefined) {
    this.#columns = columns;
    this.#slotOf = slotOf;
  }

  /**
   * The counter of this name, up to date. If there is none, `rule` says what it counts, and `groups` gives all groups that may count.
   */
  get(name: string, rule: () => CounterRule, groups: () => Iterable<PodGroup>): PodCounter {
    let counter = this.#counters.get(name);
    if (counter === undefined) {
      counter = new PodCounter(rule(), this.#columns);
      this.#counted.set(counter, new Set());
      for (const group of groups()) this.#link(counter, group);
      this.#makeRoom();
    } else this.#counters.delete(name);
    this.#counters.set(name, counter);
    counter.sync();
    return counter;
  }

  /** A group came into being; it has no Pod yet. */
  groupAdded(group: PodGroup): void {
    for (const counter of this.#counters.values()) this.#link(counter, group);
  }

  /** A group's last Pod is gone. */
  groupRemoved(group: PodGroup): void {
    for (const { counter } of this.#links.get(group) ?? []) this.#counted.get(counter)?.delete(group);
    this.#links.delete(group);
  }

  /** A Pod of a group came (1) or went (-1). */
  podMoved(group: PodGroup, slot: number, sign: 1 | -1): void {
    const links = this.#links.get(group);
    if (links === undefined) return;
    for (const { counter, weight } of links) counter.add(slot, sign * weight);
  }

  /** What groups weigh has changed: all is counted anew when it is asked for. */
  clear(): void {
    this.#counters.clear();
    this.#links.clear();
    this.#counted.clear();
  }

  #link(counter: PodCounter, group: PodGroup): void {
    const weight = counter.rule.weightOf(group);
    if (weight === 0) return;
    this.#counted.get(counter)?.add(group);
    const links = this.#links.get(group);
    if (links === undefined) this.#links.set(group, [{ counter, weight }]);
    else links.push({ counter, weight });
    for (const [node, count] of group.nodes) {
      const slot = this.#slotOf(node);
      if (slot !== undefined) counter.add(slot, count * weight);
    }
  }

  #makeRoom(): void {
    if (this.#counters.size < mostCounters) return;
    for (const [name, counter] of this.#counters) {
      this.#counters.delete(name);
      for (const group of this.#counted.get(counter) ?? []) this.#unlink(counter, group);
      this.#counted.delete(counter);
      return;
    }
  }

  #unlink(counter: PodCounter, group: PodGroup): void {
    const left = this.#links.get(group)?.filter((link) => link.counter !== counter) ?? [];
    if (left.length === 0) this.#links.delete(group);
    else this.#links.set(group, left);
  }
}
