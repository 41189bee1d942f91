import type { ClusterState, PodGroup } from '../cluster-state.ts';
import {
  antiAffinity,
  hardAffinityWeight,
  interPodAffinity,
  isAbout,
  noAffinity,
  othersAntiAffinity,
} from '../plugins/inter-pod-affinity.ts';
import type { AffinityTerm, PodInfo } from '../pod-info.ts';
import type { Candidates } from './candidates.ts';
import { type FailureTable, fits } from './failure-table.ts';
import { absent } from './label-column.ts';
import type { PodCounter } from './pod-counter.ts';

/** `InterPodAffinity` over columns: what the plugin of that name counts for each try, counters keep. */
export class AffinityRules {
  readonly #pod: PodInfo;
  readonly #cluster: ClusterState;
  readonly #failures: FailureTable;

  constructor(pod: PodInfo, cluster: ClusterState, failures: FailureTable) {
    this.#pod = pod;
    this.#cluster = cluster;
    this.#failures = failures;
  }

  /** The verdict on each node as the cluster is now; undefined if neither the Pod nor the others demand anything. */
  filter(): ((slot: number) => number) | undefined {
    const { required = [], requiredAnti = [] } = this.#pod.affinity ?? {};
    const anti = requiredAnti.map((term) => this.#counterOf(term, [term]));
    const repelled = this.#repelled();
    if (required.length === 0 && anti.length === 0 && repelled.length === 0) return undefined;
    const attracted = required.map((term) => this.#counterOf(term, required));
    // The first Pod of a set with affinity to itself has no match yet.
    const isFirst =
      attracted.every(({ total }) => total === 0) && required.every((term) => isAbout(term, this.#pod, this.#cluster));
    const apart = this.#failures.number(interPodAffinity.name, noAffinity);
    const tooNear = this.#failures.number(interPodAffinity.name, antiAffinity);
    const unwelcome = this.#failures.number(interPodAffinity.name, othersAntiAffinity);
    return (slot) => {
      for (const counter of attracted) {
        const domain = counter.column.id(slot);
        if (domain === absent || (counter.sums.get(domain) === 0 && !isFirst)) return apart;
      }
      for (const counter of anti) if (hasAny(counter, slot)) return tooNear;
      for (const counter of repelled) if (hasAny(counter, slot)) return unwelcome;
      return fits;
    };
  }

  /** Pods that a term of this Pod is about; all of `terms` must be about them. */
  #counterOf(term: AffinityTerm, terms: readonly AffinityTerm[]): PodCounter {
    const cluster = this.#cluster;
    return cluster.counters.get(
      JSON.stringify(['near', term.topologyKey, terms.map(termName)]),
      () => ({ topologyKey: term.topologyKey, weightOf: (group) => (terms.every(about(group, cluster)) ? 1 : 0) }),
      () => cluster.groupsMatchingTerm(term),
    );
  }

  /** Pods that do not want to be with this one, for each topology in which there are any. */
  #repelled(): readonly PodCounter[] {
    const cluster = this.#cluster;
    const pod = this.#pod;
    const counters: PodCounter[] = [];
    for (const topologyKey of cluster.repellingTopologies) {
      const counter = cluster.counters.get(
        JSON.stringify(['repelled', topologyKey, this.#looks()]),
        () => ({
          topologyKey,
          weightOf: ({ affinity }) =>
            (affinity?.requiredAnti ?? []).filter(
              (term) => term.topologyKey === topologyKey && isAbout(term, pod, cluster),
            ).length,
        }),
        () => cluster.groupsWithAffinity,
      );
      if (counter.total > 0) counters.push(counter);
    }
    return counters;
  }

  /** Whether there is anything to score. */
  get prefers(): boolean {
    const { preferred = [], preferredAnti = [] } = this.#pod.affinity ?? {};
    if (preferred.length > 0 || preferredAnti.length > 0) return true;
    return !this.#cluster.preferringTopologies[Symbol.iterator]().next().done;
  }

  /** Adds to each candidate's total how much the Pod and the Pods near it like each other, times `weight`. */
  score(candidates: Candidates, weight: number): void {
    const counters = this.#preferences();
    if (counters.length === 0) return;
    const { slots, count, scratch, totals } = candidates;
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      let sum = 0;
      for (const { column, sums } of counters) {
        const domain = column.id(slots[i] as number);
        if (domain !== absent) sum += sums.get(domain);
      }
      scratch[i] = sum;
      if (sum < min) min = sum;
      if (sum > max) max = sum;
    }
    if (min === max) return;
    for (let i = 0; i < count; i++) {
      const score = Math.floor((100 * ((scratch[i] as number) - min)) / (max - min));
      totals[i] = (totals[i] as number) + score * weight;
    }
  }

  #preferences(): readonly PodCounter[] {
    const cluster = this.#cluster;
    const { preferred = [], preferredAnti = [] } = this.#pod.affinity ?? {};
    const own = [...preferred, ...preferredAnti];
    const keys = new Set([...own.map(({ topologyKey }) => topologyKey), ...cluster.preferringTopologies]);
    return Array.from(keys, (topologyKey) => {
      const here = (terms: readonly AffinityTerm[]) => terms.filter((term) => term.topologyKey === topologyKey);
      const forOthers = { preferred: here(preferred), preferredAnti: here(preferredAnti) };
      return cluster.counters.get(
        JSON.stringify([
          'preferred',
          topologyKey,
          this.#looks(),
          forOthers.preferred.map(termName),
          forOthers.preferredAnti.map(termName),
        ]),
        () => ({
          topologyKey,
          weightOf: (group) =>
            sumOf(forOthers.preferred, about(group, cluster)) -
            sumOf(forOthers.preferredAnti, about(group, cluster)) +
            this.#weightToOthers(group, topologyKey),
        }),
        () =>
          new Set([
            ...[...forOthers.preferred, ...forOthers.preferredAnti].flatMap((term) => [
              ...cluster.groupsMatchingTerm(term),
            ]),
            ...cluster.groupsWithAffinity,
          ]),
      );
    });
  }

  /** How much a group's Pods want to be with this Pod. */
  #weightToOthers({ affinity }: PodGroup, topologyKey: string): number {
    if (affinity === undefined) return 0;
    const isMeant = (term: AffinityTerm) => term.topologyKey === topologyKey && isAbout(term, this.#pod, this.#cluster);
    return (
      affinity.required.filter(isMeant).length * hardAffinityWeight +
      sumOf(affinity.preferred, isMeant) -
      sumOf(affinity.preferredAnti, isMeant)
    );
  }

  /** What other Pods' terms see of this Pod. */
  #looks(): unknown {
    const { namespace, pod } = this.#pod;
    return [namespace, Object.entries(pod.metadata.labels ?? {}).sort()];
  }
}

function hasAny({ column, sums }: PodCounter, slot: number): boolean {
  const domain = column.id(slot);
  return domain !== absent && sums.get(domain) > 0;
}

function about(group: PodGroup, cluster: ClusterState): (term: AffinityTerm) => boolean {
  return (term) => cluster.termCovers(term, group.namespace) && term.selector.matches(group.labels);
}

function sumOf(terms: readonly AffinityTerm[], isMeant: (term: AffinityTerm) => boolean): number {
  let sum = 0;
  for (const term of terms) if (isMeant(term)) sum += term.weight;
  return sum;
}

function termName({ selector, namespaces, namespaceSelector, weight }: AffinityTerm): unknown {
  return [
    selector.matchesNothing ? null : selector.text,
    [...namespaces].sort(),
    namespaceSelector === undefined ? 0 : namespaceSelector.matchesNothing ? null : namespaceSelector.text,
    weight,
  ];
}
