import type { LabelMatcher } from '@orrery/api';
import type { ClusterState } from '../cluster-state.ts';
import {
  type Constraint,
  constraintsOf,
  defaultConstraints,
  hostnameLabel,
  noLabel,
  podTopologySpread,
  tooSkewed,
} from '../plugins/pod-topology-spread.ts';
import type { PodInfo } from '../pod-info.ts';
import { untoleratedTaint } from '../tolerations.ts';
import type { Candidates } from './candidates.ts';
import { type FailureTable, fits } from './failure-table.ts';
import { absent } from './label-column.ts';
import { requiredNodes, type SlotRule } from './label-rule.ts';
import type { PodCounter } from './pod-counter.ts';

interface FilterRule {
  readonly counter: PodCounter;
  readonly maxSkew: number;
  /** 1 if the Pod itself will count. */
  readonly self: number;
  readonly least: number;
}

/** `PodTopologySpread` over columns: what the plugin of that name counts for each try, counters keep. */
export class SpreadRules {
  readonly #pod: PodInfo;
  readonly #cluster: ClusterState;
  readonly #failures: FailureTable;
  #wishes: { readonly constraints: readonly Constraint[]; readonly needed: readonly Constraint[] } | undefined;

  constructor(pod: PodInfo, cluster: ClusterState, failures: FailureTable) {
    this.#pod = pod;
    this.#cluster = cluster;
    this.#failures = failures;
  }

  /** The verdict on each node as the cluster is now; undefined if the Pod has no constraint that must hold. */
  filter(): ((slot: number) => number) | undefined {
    const constraints = constraintsOf(this.#pod, 'DoNotSchedule');
    if (constraints.length === 0) return undefined;
    const rules = constraints.map((constraint) => this.#filterRule(constraint, constraints));
    const outside = this.#failures.number(podTopologySpread.name, noLabel);
    const skewed = this.#failures.number(podTopologySpread.name, tooSkewed);
    return (slot) => {
      for (const { counter, maxSkew, self, least } of rules) {
        const domain = counter.column.id(slot);
        if (domain === absent) return outside;
        if (counter.sums.get(domain) + self - least > maxSkew) return skewed;
      }
      return fits;
    };
  }

  #filterRule(constraint: Constraint, constraints: readonly Constraint[]): FilterRule {
    const counter = this.#counter(constraint, constraints);
    const { sum, domains } = counter.least;
    return {
      counter,
      maxSkew: constraint.maxSkew,
      self: constraint.selector.matches(this.#pod.pod.metadata.labels) ? 1 : 0,
      least: domains === 0 || domains < constraint.minDomains ? 0 : sum,
    };
  }

  /** Whether there is anything to score. */
  get prefers(): boolean {
    return this.#preferences().constraints.length > 0;
  }

  /** The constraints that are wishes, and those among them whose labels a node needs to count. */
  #preferences(): { readonly constraints: readonly Constraint[]; readonly needed: readonly Constraint[] } {
    if (this.#wishes === undefined) {
      const own = constraintsOf(this.#pod, 'ScheduleAnyway');
      this.#wishes =
        own.length > 0
          ? { constraints: own, needed: own }
          : { constraints: defaultConstraints(this.#pod, this.#cluster), needed: [] };
    }
    return this.#wishes;
  }

  /** Adds to each candidate's total what spreading says for it, times `weight`. */
  score(candidates: Candidates, weight: number): void {
    const { constraints, needed } = this.#preferences();
    if (constraints.length === 0) return;
    const keys = needed.map(({ topologyKey }) => this.#cluster.columns.label(topologyKey));
    const { slots, count } = candidates;
    const raw = candidates.scratch;
    let ignored = 0;
    for (let i = 0; i < count; i++) {
      raw[i] = keys.some((column) => column.id(slots[i] as number) === absent) ? Number.NaN : 0;
      if (Number.isNaN(raw[i])) ignored++;
    }
    for (const constraint of constraints) {
      const counter = this.#counter(constraint, needed);
      const { column, sums } = counter;
      const size =
        constraint.topologyKey === hostnameLabel
          ? count - ignored
          : candidates.domains(column, (i) => Number.isNaN(raw[i]));
      const perPod = Math.log(size + 2);
      for (let i = 0; i < count; i++) {
        const domain = column.id(slots[i] as number);
        if (domain !== absent) raw[i] = (raw[i] as number) + (sums.get(domain) * perPod + (constraint.maxSkew - 1));
      }
    }
    this.#normalize(candidates, weight);
  }

  #normalize({ count, scratch: raw, totals }: Candidates, weight: number): void {
    let min = Number.POSITIVE_INFINITY;
    let max = 0;
    for (let i = 0; i < count; i++) {
      const score = Math.round(raw[i] as number);
      raw[i] = score;
      if (score < min) min = score;
      if (score > max) max = score;
    }
    for (let i = 0; i < count; i++) {
      const score = raw[i] as number;
      if (Number.isNaN(score)) continue;
      const normal = max === 0 ? 100 : Math.floor((100 * (max + min - score)) / max);
      totals[i] = (totals[i] as number) + normal * weight;
    }
  }

  #counter(constraint: Constraint, needed: readonly Constraint[]): PodCounter {
    const { namespace, pod } = this.#pod;
    const { topologyKey, selector, honorsAffinity, honorsTaints } = constraint;
    const keys = needed.map((each) => each.topologyKey);
    const name = JSON.stringify([
      'spread',
      topologyKey,
      namespace,
      selectorName(selector),
      keys,
      honorsAffinity ? [pod.spec.nodeSelector, pod.spec.affinity?.nodeAffinity] : 0,
      honorsTaints ? (pod.spec.tolerations ?? []) : 0,
    ]);
    return this.#cluster.counters.get(
      name,
      () => ({
        topologyKey,
        weightOf: (group) =>
          group.namespace === namespace && !group.terminating && selector.matches(group.labels) ? 1 : 0,
        counts: this.#eligible(constraint, keys),
      }),
      () => this.#cluster.groupsMatching(namespace, selector),
    );
  }

  #eligible({ honorsAffinity, honorsTaints }: Constraint, keys: readonly string[]): SlotRule {
    const { columns } = this.#cluster;
    const { spec } = this.#pod.pod;
    const needed = keys.map((key) => columns.label(key));
    const affinity = honorsAffinity ? requiredNodes(spec, columns) : undefined;
    const tolerations = spec.tolerations ?? [];
    return (slot) => {
      if (needed.some((column) => column.id(slot) === absent)) return false;
      if (affinity?.(slot) === false) return false;
      if (!honorsTaints) return true;
      const taints = columns.taints[columns.taintList.get(slot)] ?? [];
      return untoleratedTaint(taints, tolerations, ['NoSchedule', 'NoExecute']) === undefined;
    };
  }
}

function selectorName({ matchesNothing, text }: LabelMatcher): string | undefined {
  return matchesNothing ? undefined : text;
}
