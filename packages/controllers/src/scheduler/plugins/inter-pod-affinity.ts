import type { ClusterState, PodGroup } from '../cluster-state.ts';
import type { Failure, SchedulerPlugin } from '../plugin.ts';
import type { AffinityTerm, PodInfo } from '../pod-info.ts';

/** No Pod is near that the Pod must be with. */
export const noAffinity: Failure = { reasons: ["node(s) didn't match pod affinity rules"], unresolvable: true };
/** A Pod is near that the Pod must not be with. */
export const antiAffinity: Failure = { reasons: ["node(s) didn't match pod anti-affinity rules"], unresolvable: false };
/** A Pod is near that must not be with the Pod. */
export const othersAntiAffinity: Failure = {
  reasons: ["node(s) didn't satisfy existing pods anti-affinity rules"],
  unresolvable: false,
};

/** What a required affinity of a Pod that is there counts for in scores. */
export const hardAffinityWeight = 1;

/** Values of a topology label → how many Pods (or how much score) they have. */
type Domains = Map<string, number>;

/** Pods that attract or repel each other (Kubernetes "Inter-pod affinity and anti-affinity"). */
export const interPodAffinity: SchedulerPlugin = {
  name: 'InterPodAffinity',
  weight: 2,
  filter(pod, cluster) {
    const required = pod.affinity?.required ?? [];
    const anti = (pod.affinity?.requiredAnti ?? []).map((term) => ({
      term,
      domains: podsOf(term, pod, cluster, false),
    }));
    const repelled = repelledDomains(pod, cluster);
    if (required.length === 0 && anti.length === 0 && repelled.size === 0) return undefined;

    const attracted = required.map((term) => ({ term, domains: podsOf(term, pod, cluster, true) }));
    // The first Pod of a set with affinity to itself has no match yet.
    const isFirst =
      attracted.every(({ domains }) => domains.size === 0) && required.every((term) => isAbout(term, pod, cluster));
    return (node) => {
      for (const { term, domains } of attracted) {
        const domain = node.labels?.[term.topologyKey];
        if (domain === undefined || (!domains.has(domain) && !isFirst)) return noAffinity;
      }
      for (const { term, domains } of anti) {
        const domain = node.labels?.[term.topologyKey];
        if (domain !== undefined && domains.has(domain)) return antiAffinity;
      }
      for (const [key, domains] of repelled) {
        const domain = node.labels?.[key];
        if (domain !== undefined && domains.has(domain)) return othersAntiAffinity;
      }
      return undefined;
    };
  },
  score(pod, cluster, nodes) {
    const topologies = preferences(pod, cluster);
    if (topologies.size === 0) return undefined;
    const sums = nodes.map((node) => {
      let sum = 0;
      for (const [key, domains] of topologies) {
        const domain = node.labels?.[key];
        if (domain !== undefined) sum += domains.get(domain) ?? 0;
      }
      return sum;
    });
    return spread(sums);
  },
  retryOn(change, pod, cluster) {
    if (change.type === 'nodeChanged') return change.node.metadata.labels !== change.previous.metadata.labels;
    // Labels or terms that came between: what they were before is not known here.
    if (change.type === 'nodeAdded' || change.type === 'podChanged') return true;
    const { required = [], requiredAnti = [] } = pod.affinity ?? {};
    const meets = (term: AffinityTerm) => isAbout(term, change.pod, cluster);
    if (change.type === 'podPlaced') return required.some(meets);
    // Without the last Pod that it must be with, a Pod with affinity to itself is the first again.
    if (requiredAnti.some(meets) || required.some(meets)) return true;
    return (change.pod.affinity?.requiredAnti ?? []).some((term) => isAbout(term, pod, cluster));
  },
};

/** Whether the term is about this Pod: its namespace and its labels. */
export function isAbout(term: AffinityTerm, { namespace, pod }: PodInfo, cluster: ClusterState): boolean {
  return cluster.termCovers(term, namespace) && term.selector.matches(pod.metadata.labels);
}

/** Where Pods are that a term of `pod` is about. With `all`, only those that every required affinity term matches count. */
function podsOf(term: AffinityTerm, pod: PodInfo, cluster: ClusterState, all: boolean): Domains {
  const domains: Domains = new Map();
  const terms = all ? (pod.affinity?.required ?? []) : [term];
  for (const group of cluster.groupsFor(term)) {
    const matches = terms.every(
      (each) => cluster.termCovers(each, group.namespace) && each.selector.matches(group.labels),
    );
    if (matches) addGroup(domains, group, term.topologyKey, 1, cluster);
  }
  return domains;
}

function addGroup(domains: Domains, group: PodGroup, key: string, weight: number, cluster: ClusterState): void {
  for (const [name, count] of group.nodes) {
    const domain = cluster.node(name)?.labels?.[key];
    if (domain !== undefined) domains.set(domain, (domains.get(domain) ?? 0) + count * weight);
  }
}

/** Topology key → domains where a Pod is that does not want to be with this one. */
function repelledDomains(pod: PodInfo, cluster: ClusterState): ReadonlyMap<string, Domains> {
  const repelled = new Map<string, Domains>();
  for (const group of cluster.groupsWithAffinity) {
    for (const term of group.affinity?.requiredAnti ?? []) {
      if (isAbout(term, pod, cluster))
        addGroup(domainsOf(repelled, term.topologyKey), group, term.topologyKey, 1, cluster);
    }
  }
  return repelled;
}

/** Topology key → domain → how much the Pod and the Pods there prefer each other; below 0 they avoid each other. */
function preferences(pod: PodInfo, cluster: ClusterState): ReadonlyMap<string, Domains> {
  const topologies = new Map<string, Domains>();
  const add = (group: PodGroup, term: AffinityTerm, weight: number) =>
    addGroup(domainsOf(topologies, term.topologyKey), group, term.topologyKey, weight, cluster);
  const own = (terms: readonly AffinityTerm[], sign: number) => {
    for (const term of terms) {
      for (const group of cluster.groupsFor(term)) {
        if (term.selector.matches(group.labels)) add(group, term, sign * term.weight);
      }
    }
  };
  own(pod.affinity?.preferred ?? [], 1);
  own(pod.affinity?.preferredAnti ?? [], -1);
  for (const group of cluster.groupsWithAffinity) {
    const { required = [], preferred = [], preferredAnti = [] } = group.affinity ?? {};
    for (const term of required) if (isAbout(term, pod, cluster)) add(group, term, hardAffinityWeight);
    for (const term of preferred) if (isAbout(term, pod, cluster)) add(group, term, term.weight);
    for (const term of preferredAnti) if (isAbout(term, pod, cluster)) add(group, term, -term.weight);
  }
  return topologies;
}

function domainsOf(topologies: Map<string, Domains>, key: string): Domains {
  let domains = topologies.get(key);
  if (domains === undefined) {
    domains = new Map();
    topologies.set(key, domains);
  }
  return domains;
}

/** Lowest becomes 0, highest 100. */
function spread(sums: readonly number[]): readonly number[] {
  const min = Math.min(...sums);
  const max = Math.max(...sums);
  return sums.map((sum) => (max === min ? 0 : Math.floor((100 * (sum - min)) / (max - min))));
}
