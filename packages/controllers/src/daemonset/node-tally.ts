import type { Pod, Stored } from '@orrery/api';
import type { NodeCounts, NodeReport, RolloutState } from './node-report.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Sums over the reports of nodes, kept as reports are replaced: nobody walks all nodes to decide about one. */
export class NodeTally {
  readonly #reports = new Map<string, NodeReport>();
  readonly #counts: Mutable<NodeCounts> = emptyCounts();
  readonly #work = new Set<string>();
  readonly #states = new Map<RolloutState, Map<string, Stored<Pod>>>();
  #unavailable = 0;
  #surging = 0;
  #serving = 0;

  get counts(): NodeCounts {
    return this.#counts;
  }

  /** Nodes whose Pods are too few, too many, or ended. */
  get work(): ReadonlySet<string> {
    return this.#work;
  }

  /** Nodes that a rolling update without surge finds unavailable. */
  get unavailable(): number {
    return this.#unavailable;
  }

  /** Nodes with a second Pod that is not available yet. */
  get surging(): number {
    return this.#surging;
  }

  /** Nodes with an available Pod, as a rolling update with surge counts them. */
  get serving(): number {
    return this.#serving;
  }

  report(node: string): NodeReport | undefined {
    return this.#reports.get(node);
  }

  /** The nodes in this state of a rolling update, with their old Pods. */
  inState(state: RolloutState): ReadonlyMap<string, Stored<Pod>> {
    return this.#states.get(state) ?? noPods;
  }

  /** Puts a report in the place of the node's last one; without a report, the node is forgotten. */
  set(node: string, report: NodeReport | undefined): void {
    const before = this.#reports.get(node);
    if (before !== undefined) this.#add(node, before, -1);
    if (report === undefined) {
      this.#reports.delete(node);
      return;
    }
    this.#reports.set(node, report);
    this.#add(node, report, 1);
  }

  #add(node: string, { counts, rollout, create, excess, ended }: NodeReport, sign: 1 | -1): void {
    for (const key in this.#counts) this.#counts[key as keyof NodeCounts] += sign * counts[key as keyof NodeCounts];
    this.#unavailable += sign * rollout.unavailable;
    this.#surging += sign * rollout.surging;
    this.#serving += sign * rollout.available;
    const hasWork = create || excess.length > 0 || ended.length > 0;
    if (sign === 1 && hasWork) this.#work.add(node);
    else this.#work.delete(node);
    let nodes = this.#states.get(rollout.state);
    if (nodes === undefined) {
      nodes = new Map();
      this.#states.set(rollout.state, nodes);
    }
    if (sign === 1 && rollout.old !== undefined) nodes.set(node, rollout.old);
    else nodes.delete(node);
  }
}

const noPods: ReadonlyMap<string, Stored<Pod>> = new Map();

function emptyCounts(): Mutable<NodeCounts> {
  return { desired: 0, current: 0, misscheduled: 0, ready: 0, available: 0, updated: 0 };
}
