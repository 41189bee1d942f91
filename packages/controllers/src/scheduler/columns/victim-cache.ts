import type { PodDisruptionBudget, Stored } from '@orrery/api';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import { type Candidate, type PreemptionContext, type Trial, victimsOn } from '../preemption.ts';
import { awaitedPods } from '../schedule.ts';
import { type FailureTable, fits } from './failure-table.ts';
import type { FitClass } from './fit-class.ts';

/** The victims that a class of Pods would need on each node, beside the Pods that it is promised to: looked for once, and again when the node or a budget changes. */
export class VictimCache {
  readonly #failures: FailureTable;
  readonly #outcomes: (Candidate | string | undefined)[] = [];
  #budgets: readonly Stored<PodDisruptionBudget>[] = [];

  constructor(failures: FailureTable) {
    this.#failures = failures;
  }

  /** The disruption budgets as they are now. */
  begin(budgets: readonly Stored<PodDisruptionBudget>[]): void {
    const isSame = budgets.length === this.#budgets.length && budgets.every((budget, i) => budget === this.#budgets[i]);
    if (!isSame) this.#outcomes.length = 0;
    this.#budgets = budgets;
  }

  /** The node changed, its Pods, or what is known of them. */
  forget(slot: number): void {
    if (slot < this.#outcomes.length) this.#outcomes[slot] = undefined;
  }

  /** The victims on a node, or why there are none. */
  on(node: NodeInfo, pod: PodInfo, fit: FitClass, context: PreemptionContext): Candidate | string {
    let outcome = this.#outcomes[node.slot];
    if (outcome === undefined) {
      const awaited = awaitedPods(node, context.cluster, pod.priority);
      outcome = victimsOn(node, pod, this.#trial(node.slot, fit, awaited), context);
      this.#outcomes[node.slot] = outcome;
    }
    return outcome;
  }

  /** A trial that only calculates. */
  #trial(slot: number, fit: FitClass, awaited: readonly PodInfo[]): Trial {
    const fewer = new Set<PodInfo>();
    const verdict = () => {
      const beside = awaited.length === 0 ? fits : fit.verdictWith(slot, { more: awaited, fewer });
      return beside === fits ? fit.verdictWith(slot, { more: [], fewer }) : beside;
    };
    return {
      remove: (pod) => fewer.add(pod),
      restore: (pod) => fewer.delete(pod),
      failure: () => this.#failures.failure(verdict()),
      end: () => fewer.clear(),
    };
  }
}
