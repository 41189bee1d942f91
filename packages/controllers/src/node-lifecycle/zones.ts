import type { Node, Stored } from '@orrery/api';
import { readyCondition } from './health.ts';

/** How many nodes of a zone there are, and how many of them are ready. */
export interface ZoneCounts {
  readonly nodes: number;
  readonly ready: number;
}

/** Nodes by zone, counted as they change. */
export class Zones {
  readonly #counts = new Map<string, { nodes: number; ready: number }>();
  /** By the name of the node, how it is counted. */
  readonly #nodes = new Map<string, { readonly zone: string; readonly ready: boolean }>();

  /** By zone; zones without nodes are not here. */
  get counts(): ReadonlyMap<string, ZoneCounts> {
    return this.#counts;
  }

  /** The node is this now; undefined if it is gone. */
  set(name: string, node: Stored<Node> | undefined): void {
    const before = this.#nodes.get(name);
    if (before !== undefined) {
      this.#nodes.delete(name);
      this.#count(before.zone, -1, before.ready);
    }
    if (node === undefined) return;
    const after = { zone: zoneOf(node), ready: readyCondition(node)?.status === 'True' };
    this.#nodes.set(name, after);
    this.#count(after.zone, 1, after.ready);
  }

  #count(zone: string, change: 1 | -1, ready: boolean): void {
    const counts = this.#counts.get(zone) ?? { nodes: 0, ready: 0 };
    counts.nodes += change;
    if (ready) counts.ready += change;
    if (counts.nodes === 0) this.#counts.delete(zone);
    else this.#counts.set(zone, counts);
  }
}

/** The zone of a node, within its region. */
export function zoneOf({ metadata }: Stored<Node>): string {
  const { labels } = metadata;
  return `${labels?.['topology.kubernetes.io/region'] ?? ''}:${labels?.['topology.kubernetes.io/zone'] ?? ''}`;
}
