import type { LabelMatcher, Node, Stored } from '@orrery/api';
import { NodeInfo } from './node-info.ts';
import type { AffinityTerm, PodAffinityTerms, PodInfo } from './pod-info.ts';

/**
 * Pods that look the same to selectors: one namespace, the same labels, the same affinity. Whoever counts Pods by selector
 * asks each group once, not each Pod.
 */
export interface PodGroup {
  readonly namespace: string;
  readonly labels: { readonly [key: string]: string } | undefined;
  /** Its Pods are being deleted. */
  readonly terminating: boolean;
  readonly affinity: PodAffinityTerms | undefined;
  /** Node → how many of the group's Pods it has. */
  readonly nodes: ReadonlyMap<string, number>;
}

type Labels = { readonly [key: string]: string };

/** What the scheduler asks of the cluster beside nodes and Pods. */
export interface ClusterFacts {
  /** Labels of a namespace; undefined if there is none of that name. */
  namespaceLabels(name: string): Labels | undefined;
  /** What selects a Pod's siblings: its Services and its controller (`DefaultSelector`); undefined if nothing does. */
  siblingSelector(pod: PodInfo): LabelMatcher | undefined;
}

const zoneLabel = 'topology.kubernetes.io/zone';
const regionLabel = 'topology.kubernetes.io/region';
const noGroups: ReadonlySet<PodGroup> = new Set();

/** The scheduler's picture of the cluster, changed by what happens, never counted anew (kube-scheduler's cache). */
export class ClusterState {
  readonly facts: ClusterFacts;
  readonly #nodes = new Map<string, NodeInfo>();
  readonly #placed = new Map<string, { readonly pod: PodInfo; readonly node: string }>();
  readonly #groups = new Map<string, PodGroup & { readonly nodes: Map<string, number> }>();
  readonly #groupsByNamespace = new Map<string, Set<PodGroup>>();
  readonly #groupsWithAffinity = new Set<PodGroup>();
  /** Image name → how many nodes have it. */
  readonly #imageNodes = new Map<string, number>();
  #order: readonly NodeInfo[] | undefined;

  constructor(facts: ClusterFacts) {
    this.facts = facts;
  }

  /** All nodes that exist, zones taking turns. */
  get nodes(): readonly NodeInfo[] {
    this.#order ??= zonesInTurn([...this.#nodes.values()].filter(({ node }) => node !== undefined));
    return this.#order;
  }

  node(name: string): NodeInfo | undefined {
    const found = this.#nodes.get(name);
    return found?.node === undefined ? undefined : found;
  }

  /** How many nodes have an image. */
  nodesWithImage(name: string): number {
    return this.#imageNodes.get(name) ?? 0;
  }

  setNode(node: Stored<Node>): void {
    const info = this.#info(node.metadata.name);
    const before = info.node;
    this.#countImages(info, -1);
    info.setNode(node);
    this.#countImages(info, 1);
    if (before === undefined || zoneOf(before) !== zoneOf(node)) this.#order = undefined;
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (info === undefined) return;
    this.#countImages(info, -1);
    info.setNode(undefined);
    if (info.pods.size === 0) this.#nodes.delete(name);
    this.#order = undefined;
  }

  /** The node that a Pod is on or about to be bound to. */
  placeOf(uid: string): string | undefined {
    return this.#placed.get(uid)?.node;
  }

  placed(uid: string): PodInfo | undefined {
    return this.#placed.get(uid)?.pod;
  }

  /** Puts a Pod on a node; it replaces an earlier picture of the same Pod. */
  add(pod: PodInfo, node: string): void {
    this.remove(pod.uid);
    this.#placed.set(pod.uid, { pod, node });
    this.#info(node).add(pod);
    this.#joinGroup(pod, node);
  }

  remove(uid: string): void {
    const placed = this.#placed.get(uid);
    if (placed === undefined) return;
    this.#placed.delete(uid);
    const info = this.#nodes.get(placed.node);
    info?.remove(placed.pod);
    if (info !== undefined && info.node === undefined && info.pods.size === 0) this.#nodes.delete(placed.node);
    this.#leaveGroup(placed.pod, placed.node);
  }

  groupsOf(namespace: string): ReadonlySet<PodGroup> {
    return this.#groupsByNamespace.get(namespace) ?? noGroups;
  }

  /** Groups whose Pods have inter-pod affinity terms of their own. */
  get groupsWithAffinity(): ReadonlySet<PodGroup> {
    return this.#groupsWithAffinity;
  }

  /** Groups in the namespaces that a term is about. */
  *groupsFor(term: AffinityTerm): Generator<PodGroup> {
    for (const [namespace, groups] of this.#groupsByNamespace) {
      if (this.termCovers(term, namespace)) yield* groups;
    }
  }

  /** Whether an affinity term is about Pods of a namespace. */
  termCovers(term: AffinityTerm, namespace: string): boolean {
    if (term.namespaces.has(namespace)) return true;
    if (term.namespaceSelector === undefined) return false;
    return term.namespaceSelector.matches(this.facts.namespaceLabels(namespace) ?? {});
  }

  #info(name: string): NodeInfo {
    let info = this.#nodes.get(name);
    if (info === undefined) {
      info = new NodeInfo(name);
      this.#nodes.set(name, info);
    }
    return info;
  }

  #joinGroup(pod: PodInfo, node: string): void {
    let group = this.#groups.get(pod.groupKey);
    if (group === undefined) {
      const { labels, deletionTimestamp } = pod.pod.metadata;
      const { namespace, affinity } = pod;
      group = { namespace, labels, terminating: deletionTimestamp !== undefined, affinity, nodes: new Map() };
      this.#groups.set(pod.groupKey, group);
      const siblings = this.#groupsByNamespace.get(namespace);
      if (siblings === undefined) this.#groupsByNamespace.set(namespace, new Set([group]));
      else siblings.add(group);
      if (affinity !== undefined) this.#groupsWithAffinity.add(group);
    }
    group.nodes.set(node, (group.nodes.get(node) ?? 0) + 1);
  }

  #leaveGroup(pod: PodInfo, node: string): void {
    const group = this.#groups.get(pod.groupKey);
    if (group === undefined) return;
    const count = (group.nodes.get(node) ?? 0) - 1;
    if (count > 0) group.nodes.set(node, count);
    else group.nodes.delete(node);
    if (group.nodes.size > 0) return;
    this.#groups.delete(pod.groupKey);
    this.#groupsWithAffinity.delete(group);
    const siblings = this.#groupsByNamespace.get(group.namespace);
    siblings?.delete(group);
    if (siblings?.size === 0) this.#groupsByNamespace.delete(group.namespace);
  }

  #countImages(info: NodeInfo, sign: 1 | -1): void {
    for (const name of info.images.keys()) {
      const count = (this.#imageNodes.get(name) ?? 0) + sign;
      if (count > 0) this.#imageNodes.set(name, count);
      else this.#imageNodes.delete(name);
    }
  }
}

function zoneOf({ metadata }: Stored<Node>): string {
  return `${metadata.labels?.[regionLabel] ?? ''}/${metadata.labels?.[zoneLabel] ?? ''}`;
}

/** Nodes by name, taken from each zone in turn, so that looking at a part of them looks at all zones. */
function zonesInTurn(nodes: NodeInfo[]): readonly NodeInfo[] {
  nodes.sort((a, b) => (a.name < b.name ? -1 : 1));
  const zones = new Map<string, NodeInfo[]>();
  for (const info of nodes) {
    const zone = info.node === undefined ? '' : zoneOf(info.node);
    const members = zones.get(zone);
    if (members === undefined) zones.set(zone, [info]);
    else members.push(info);
  }
  if (zones.size < 2) return nodes;
  const ordered: NodeInfo[] = [];
  for (let i = 0; ordered.length < nodes.length; i++) {
    for (const members of zones.values()) {
      const member = members[i];
      if (member !== undefined) ordered.push(member);
    }
  }
  return ordered;
}
