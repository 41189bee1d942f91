import { keyOf, keyString, type LabelMatcher, labelSelectorMatcher, type Pod, type Stored } from '@orrery/api';
import { podRequests, type Resources, scoredRequests } from './resources.ts';

type PodAntiAffinity = NonNullable<NonNullable<Pod['spec']['affinity']>['podAntiAffinity']>;
type ApiTerm = NonNullable<PodAntiAffinity['requiredDuringSchedulingIgnoredDuringExecution']>[number];

/** The host address that is all addresses. */
export const anyAddress = '0.0.0.0';

/** A host port that a Pod takes on its node. */
export interface HostPort {
  /** `0.0.0.0` is all addresses. */
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

/** An inter-pod affinity term, ready to be asked. */
export interface AffinityTerm {
  readonly topologyKey: string;
  readonly selector: LabelMatcher;
  readonly namespaces: ReadonlySet<string>;
  /** Namespaces by label; undefined when the term has no namespace selector. */
  readonly namespaceSelector: LabelMatcher | undefined;
  /** 1 to 100 for a preferred term; 0 for a required one. */
  readonly weight: number;
}

/** The four lists of inter-pod affinity terms. */
export interface PodAffinityTerms {
  readonly required: readonly AffinityTerm[];
  readonly requiredAnti: readonly AffinityTerm[];
  readonly preferred: readonly AffinityTerm[];
  readonly preferredAnti: readonly AffinityTerm[];
}

/** What the scheduler needs to know of a Pod, read once. */
export interface PodInfo {
  readonly pod: Stored<Pod>;
  readonly uid: string;
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly priority: number;
  readonly requests: Resources;
  /** cpu in thousandths and memory in bytes, as scores count them. */
  readonly scored: { readonly cpu: number; readonly memory: number };
  readonly hostPorts: readonly HostPort[];
  readonly affinity: PodAffinityTerms | undefined;
  /** Pods with the same group key look the same to selectors: namespace, labels, affinity, being deleted. */
  readonly groupKey: string;
}

/** Reads a Pod for the scheduler. */
export function podInfo(pod: Stored<Pod>): PodInfo {
  const namespace = pod.metadata.namespace ?? '';
  return {
    pod,
    uid: pod.metadata.uid,
    key: keyString(keyOf(pod)),
    namespace,
    priority: pod.spec.priority ?? 0,
    requests: podRequests(pod),
    scored: scoredRequests(pod),
    hostPorts: hostPorts(pod),
    affinity: affinityTerms(pod, namespace),
    groupKey: groupKey(pod, namespace),
  };
}

/** Whether what the scheduler knows of a Pod is the same for both states of it. */
export function sameForScheduling(a: Stored<Pod>, b: Stored<Pod>): boolean {
  return (
    a.spec === b.spec &&
    a.metadata.labels === b.metadata.labels &&
    (a.metadata.deletionTimestamp === undefined) === (b.metadata.deletionTimestamp === undefined)
  );
}

/**
 * Reads a later state of a Pod. Parts that are the same objects as before are not read again; the result is the same as from
 * {@link podInfo}.
 */
export function podInfoAfter(before: PodInfo, pod: Stored<Pod>): PodInfo {
  return looksAndTakesTheSame(before.pod, pod) ? { ...before, pod, priority: pod.spec.priority ?? 0 } : podInfo(pod);
}

/** Whether a Pod asks for the same and looks the same to selectors, wherever it is. */
export function looksAndTakesTheSame(a: Stored<Pod>, b: Stored<Pod>): boolean {
  return (
    a.metadata.labels === b.metadata.labels &&
    (a.metadata.deletionTimestamp === undefined) === (b.metadata.deletionTimestamp === undefined) &&
    a.spec.containers === b.spec.containers &&
    a.spec.initContainers === b.spec.initContainers &&
    a.spec.resources === b.spec.resources &&
    a.spec.overhead === b.spec.overhead &&
    a.spec.affinity === b.spec.affinity
  );
}

function hostPorts(pod: Pod): readonly HostPort[] {
  const ports: HostPort[] = [];
  for (const container of pod.spec.containers) {
    for (const { hostPort, hostIP, protocol } of container.ports ?? []) {
      if (hostPort !== undefined && hostPort > 0) {
        ports.push({ ip: hostIP || anyAddress, protocol: protocol ?? 'TCP', port: hostPort });
      }
    }
  }
  return ports;
}

function groupKey(pod: Pod, namespace: string): string {
  const labels = Object.entries(pod.metadata.labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  const affinity = podAffinity === undefined && podAntiAffinity === undefined ? '' : [podAffinity, podAntiAffinity];
  return JSON.stringify([namespace, pod.metadata.deletionTimestamp !== undefined, labels, affinity]);
}

function affinityTerms(pod: Pod, namespace: string): PodAffinityTerms | undefined {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  if (podAffinity === undefined && podAntiAffinity === undefined) return undefined;
  const required = (terms: readonly ApiTerm[] | undefined) =>
    (terms ?? []).map((term) => affinityTerm(term, namespace, 0));
  const preferred = (terms: readonly { podAffinityTerm: ApiTerm; weight: number }[] | undefined) =>
    (terms ?? []).map(({ podAffinityTerm, weight }) => affinityTerm(podAffinityTerm, namespace, weight));
  return {
    required: required(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    requiredAnti: required(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    preferred: preferred(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    preferredAnti: preferred(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
  };
}

function affinityTerm(term: ApiTerm, own: string, weight: number): AffinityTerm {
  const named = term.namespaces ?? [];
  const { namespaceSelector } = term;
  return {
    topologyKey: term.topologyKey,
    selector: labelSelectorMatcher(term.labelSelector),
    namespaces: new Set(named.length === 0 && namespaceSelector === undefined ? [own] : named),
    namespaceSelector: namespaceSelector === undefined ? undefined : labelSelectorMatcher(namespaceSelector),
    weight,
  };
}
