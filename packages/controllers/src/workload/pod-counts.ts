import { controllerOf, Pod, type Stored } from '@orrery/api';
import { type Aggregation, defineIndex, type Milliseconds } from '@orrery/core';
import { isActive, isTerminal, readySince } from './pod-state.ts';

/** Labels of an object. */
export type Labels = { readonly [key: string]: string };

/** Pods that carry the same labels, counted. */
export interface PodGroup {
  readonly labels: Labels;
  /** Pods that have not ended and are not being deleted. */
  readonly active: number;
  /** When each of those that are ready became so: milliseconds since the epoch, ascending. */
  readonly readySince: readonly Milliseconds[];
}

interface CountedGroup extends PodGroup {
  active: number;
  readonly readySince: Milliseconds[];
}

/**
 * Counts of active Pods, kept as they change. Pods that carry the same labels, as those of one template do, are one group: a
 * selector is held against groups, and never against Pods.
 */
export class PodCounts {
  readonly #groups = new Map<string, CountedGroup>();
  #active = 0;
  #ready = 0;
  #unfinished = 0;
  readonly #nodes = new Map<string, number>();

  get groups(): Iterable<PodGroup> {
    return this.#groups.values();
  }

  /** How many are active. */
  get active(): number {
    return this.#active;
  }

  /** How many have not ended, whether they are being deleted or not. */
  get unfinished(): number {
    return this.#unfinished;
  }

  /** How many are active on each node; nodes without any are not here. */
  get nodes(): ReadonlyMap<string, number> {
    return this.#nodes;
  }

  /** How many are ready. */
  get ready(): number {
    return this.#ready;
  }

  /** How many carry labels for which this is true. It is asked once for each group. */
  activeWith(matches: (labels: Labels) => boolean): number {
    let count = 0;
    for (const group of this.#groups.values()) if (matches(group.labels)) count += group.active;
    return count;
  }

  /** How many have been ready for `minReadySeconds` at the time `now`. */
  available(minReadySeconds: number, now: Milliseconds): number {
    if (minReadySeconds === 0) return this.ready;
    let count = 0;
    for (const { readySince } of this.#groups.values()) count += after(readySince, now - minReadySeconds * 1000);
    return count;
  }

  /** Milliseconds until the next ready Pod will have been ready for `minReadySeconds`; undefined when none is on its way. */
  untilAvailable(minReadySeconds: number, now: Milliseconds): Milliseconds | undefined {
    if (minReadySeconds === 0) return undefined;
    const threshold = now - minReadySeconds * 1000;
    let wait: Milliseconds | undefined;
    for (const { readySince } of this.#groups.values()) {
      const next = readySince[after(readySince, threshold)];
      if (next !== undefined) wait = Math.min(wait ?? Number.POSITIVE_INFINITY, next - threshold);
    }
    return wait;
  }

  add(pod: Stored<Pod>): void {
    if (!isTerminal(pod)) this.#unfinished++;
    if (!isActive(pod)) return;
    this.#active++;
    this.#countOn(pod, 1);
    const labels = pod.metadata.labels ?? none;
    const key = keyOfLabels(labels);
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { labels, active: 0, readySince: [] };
      this.#groups.set(key, group);
    }
    group.active++;
    const since = readySince(pod);
    if (since === undefined) return;
    this.#ready++;
    group.readySince.splice(after(group.readySince, since), 0, since);
  }

  remove(pod: Stored<Pod>): void {
    if (!isTerminal(pod)) this.#unfinished--;
    if (!isActive(pod)) return;
    const key = keyOfLabels(pod.metadata.labels ?? none);
    const group = this.#groups.get(key);
    if (group === undefined) return;
    this.#active--;
    this.#countOn(pod, -1);
    const since = readySince(pod);
    if (since !== undefined) {
      this.#ready--;
      group.readySince.splice(after(group.readySince, since) - 1, 1);
    }
    if (--group.active === 0) this.#groups.delete(key);
  }

  #countOn({ spec: { nodeName } }: Stored<Pod>, change: 1 | -1): void {
    if (nodeName === undefined) return;
    const count = (this.#nodes.get(nodeName) ?? 0) + change;
    if (count === 0) this.#nodes.delete(nodeName);
    else this.#nodes.set(nodeName, count);
  }
}

const none: Labels = Object.freeze({});
const nobody = new PodCounts();

const counting: Aggregation<Pod, PodCounts> = {
  create: () => new PodCounts(),
  add: (counts, pod) => counts.add(pod),
  remove: (counts, pod) => counts.remove(pod),
};

/** Pods by the uid of their controller, and their counts. */
export const podsByController = defineIndex(
  Pod,
  (pod) => {
    const controller = controllerOf(pod);
    return controller === undefined ? [] : [controller.uid];
  },
  counting,
);

/** Counts of no Pods, where a cache has none. */
export function countsOr(counts: PodCounts | undefined): PodCounts {
  return counts ?? nobody;
}

/** How many of the ascending times are not later than this one. */
function after(times: readonly Milliseconds[], time: Milliseconds): number {
  let low = 0;
  let high = times.length;
  // Most that become ready do so later than all before.
  if (high === 0 || (times[high - 1] ?? 0) <= time) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? 0) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Labels are frozen and shared by all states of a Pod that do not change them. */
const keys = new WeakMap<Labels, string>();

function keyOfLabels(labels: Labels): string {
  let key = keys.get(labels);
  if (key === undefined) {
    key = JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
    keys.set(labels, key);
  }
  return key;
}
