import type { Random } from '@orrery/core';
import type { ClusterState } from '../cluster-state.ts';
import { fits } from './failure-table.ts';
import type { FitClass } from './fit-class.ts';

/** Neighbours in the cluster's order that are summed up together. */
const blockSize = 64;
/** The best score of a block in which no node fits. */
const noneFits = -1;

/** What came of a search: `slot` is undefined if no node fits. */
export interface Found {
  readonly slot: number | undefined;
  readonly visited: number;
}

/**
 * The best node for a class of Pods whose scores are the class's alone, without looking at all nodes: of each block of nodes, in the
 * cluster's order, it is known how many fit and what their best score is. Blocks that cannot win are passed over; the others are
 * gone through in order, because a number is drawn at each tie.
 */
export class ScoreBlocks {
  readonly #cluster: ClusterState;
  /** The order to which the rest belongs. */
  #slots: Int32Array = new Int32Array(0);
  /** By slot, the place in the order. */
  #places = new Int32Array(0);
  #best = new Int32Array(0);
  #fitting = new Int32Array(0);
  #isStale = new Uint8Array(0);

  constructor(cluster: ClusterState) {
    this.#cluster = cluster;
  }

  /** The verdict or score of a node was found anew. */
  judged(slot: number): void {
    const block = Math.floor((this.#places[slot] ?? 0) / blockSize);
    if (block < this.#isStale.length) this.#isStale[block] = 1;
  }

  /** Looks for `wanted` nodes that fit, beginning at `start`, and picks the best of them; chance decides between equals. */
  find(fit: FitClass, wanted: number, start: number, random: Random): Found {
    this.#follow();
    const slots = this.#slots;
    const verdicts = fit.verdicts.values;
    const scores = fit.scores.values;
    let chosen: number | undefined;
    let most = noneFits;
    let equals = 0;
    let found = 0;
    let visited = 0;
    for (let at = start; visited < slots.length && found < wanted; ) {
      const passed = this.#passOver(at, slots.length - visited, wanted - found, most, fit);
      if (passed !== undefined) {
        found += passed;
        const length = Math.min(blockSize, slots.length - at);
        visited += length;
        at = (at + length) % slots.length;
        continue;
      }
      // To the end of the block, or as far as is needed.
      const end = Math.min(slots.length, at - (at % blockSize) + blockSize, at + slots.length - visited);
      for (; at < end && found < wanted; at++, visited++) {
        const slot = slots[at] as number;
        if (verdicts[slot] !== fits) continue;
        found++;
        const score = scores[slot] as number;
        if (score > most) {
          most = score;
          chosen = slot;
          equals = 1;
        } else if (score === most && random.integer(++equals) === 0) chosen = slot;
      }
      if (at === slots.length) at = 0;
    }
    return { slot: chosen, visited };
  }

  /** How many nodes fit in the block that begins here, if it can be passed over as a whole. */
  #passOver(at: number, left: number, wanted: number, most: number, fit: FitClass): number | undefined {
    if (at % blockSize !== 0 || Math.min(blockSize, this.#slots.length - at) > left) return undefined;
    const block = at / blockSize;
    if (this.#isStale[block] === 1) this.#sumUp(block, fit);
    const fitting = this.#fitting[block] as number;
    const isHopeless = (this.#best[block] as number) < most || fitting === 0;
    return isHopeless && fitting < wanted ? fitting : undefined;
  }

  #sumUp(block: number, { verdicts, scores }: FitClass): void {
    let best = noneFits;
    let fitting = 0;
    const end = Math.min(this.#slots.length, (block + 1) * blockSize);
    for (let at = block * blockSize; at < end; at++) {
      const slot = this.#slots[at] as number;
      if (verdicts.get(slot) !== fits) continue;
      fitting++;
      best = Math.max(best, scores.get(slot));
    }
    this.#best[block] = best;
    this.#fitting[block] = fitting;
    this.#isStale[block] = 0;
  }

  /** Begins anew when the order of the nodes is another. */
  #follow(): void {
    const { slots, columns } = this.#cluster;
    if (this.#slots === slots) return;
    this.#slots = slots;
    this.#places = new Int32Array(columns.size);
    for (let at = 0; at < slots.length; at++) this.#places[slots[at] as number] = at;
    const blocks = Math.ceil(slots.length / blockSize);
    this.#best = new Int32Array(blocks);
    this.#fitting = new Int32Array(blocks);
    this.#isStale = new Uint8Array(blocks).fill(1);
  }
}
