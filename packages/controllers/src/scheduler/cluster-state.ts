import { equalJson, type LabelMatcher, type Node, type Stored } from '@orrery/api';
import { NodeColumns } from './columns/node-columns.ts';
import { PodCounters } from './columns/pod-counters.ts';
import { NodeInfo } from './node-info.ts';
import { NodeOrder } from './node-order.ts';
import { Nominations } from './nominations.ts';
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
  /** Namespace, label and value → groups that have it. */
  readonly #groupsByLabel = new Map<string, Set<PodGroup>>();
  readonly #groupsWithAffinity = new Set<PodGroup>();
  /** Topology key → how many groups have a term of it. */
  readonly #repelling = new Map<string, number>();
  readonly #preferring = new Map<string, number>();
  /** Image name → how many nodes have it. */
  readonly #imageNodes = new Map<string, number>();
  readonly #order = new NodeOrder<NodeInfo>();
  #slots: Int32Array | undefined;
  readonly #freeSlots: number[] = [];
  #columns = new NodeColumns();
  #counters = this.#newCounters();
  /** Pods that are promised a node. */
  readonly nominations = new Nominations((node) => this.touch(node));

  constructor(facts: ClusterFacts) {
    this.facts = facts;
  }

  /** The same nodes as columns. */
  get columns(): NodeColumns {
    return this.#columns;
  }

  /** Sums of Pods by topology. */
  get counters(): PodCounters {
    return this.#counters;
  }

  /** The slots of {@link nodes}, in their order. */
  get slots(): Int32Array {
    this.#slots ??= Int32Array.from(this.nodes, ({ slot }) => slot);
    return this.#slots;
  }

  /** Begins with new columns when the present ones are full of what nobody needs any more. */
  tidy(): void {
    if (!this.#columns.isCrowded) return;
    this.#columns = new NodeColumns(this.#nodes.values());
    this.#counters = this.#newCounters();
  }

  /** Something changed that decides about a node, beside the node and its Pods. */
  touch(name: string): void {
    const info = this.#nodes.get(name);
    if (info !== undefined) this.#columns.touch(info.slot);
  }

  /** Labels of a namespace changed: other Pods may be meant by affinity terms. */
  namespaceChanged(): void {
    this.#counters.clear();
  }

  /** All nodes that exist, zones taking turns. */
  get nodes(): readonly NodeInfo[] {
    return this.#order.list;
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
    if (before !== undefined && sameNode(before, node) && equalJson(before.status?.images, node.status?.images)) {
      info.refresh(node);
      return;
    }
    this.#countImages(info, -1);
    info.setNode(node);
    this.#countImages(info, 1);
    this.#columns.nodeChanged(info);
    if (before !== undefined && zoneOf(before) === zoneOf(node)) return;
    if (before !== undefined) this.#order.delete(info, zoneOf(before));
    this.#order.add(info, zoneOf(node));
    this.#slots = undefined;
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (info?.node === undefined) return;
    this.#order.delete(info, zoneOf(info.node));
    this.#slots = undefined;
    this.#countImages(info, -1);
    info.setNode(undefined);
    this.#columns.nodeChanged(info);
    this.#dropUnlessNeeded(info);
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
    const info = this.#info(node);
    info.add(pod);
    this.#columns.podsChanged(info, pod);
    this.#joinGroup(pod, info);
    this.#touchPromise(pod.uid);
  }

  /** The same Pod on the same node, in a later state that takes up and looks like the one before. */
  replace(pod: PodInfo): void {
    const placed = this.#placed.get(pod.uid);
    if (placed === undefined) return;
    this.#placed.set(pod.uid, { pod, node: placed.node });
    const info = this.#info(placed.node);
    info.replace(pod);
    this.#columns.touch(info.slot);
  }

  remove(uid: string): void {
    const placed = this.#placed.get(uid);
    if (placed === undefined) return;
    this.#placed.delete(uid);
    const info = this.#info(placed.node);
    info.remove(placed.pod);
    this.#columns.podsChanged(info, placed.pod);
    this.#leaveGroup(placed.pod, info);
    this.#dropUnlessNeeded(info);
    this.#touchPromise(uid);
  }

  groupsOf(namespace: string): ReadonlySet<PodGroup> {
    return this.#groupsByNamespace.get(namespace) ?? noGroups;
  }

  /** Groups whose Pods have inter-pod affinity terms of their own. */
  get groupsWithAffinity(): ReadonlySet<PodGroup> {
    return this.#groupsWithAffinity;
  }

  /** Topology keys of the Pods' required anti-affinity. */
  get repellingTopologies(): Iterable<string> {
    return this.#repelling.keys();
  }

  /** Topology keys of all their other affinity terms. */
  get preferringTopologies(): Iterable<string> {
    return this.#preferring.keys();
  }

  /** Groups in the namespaces that a term is about. */
  *groupsFor(term: AffinityTerm): Generator<PodGroup> {
    for (const [namespace, groups] of this.#groupsByNamespace) {
      if (this.termCovers(term, namespace)) yield* groups;
    }
  }

  /** Groups of a namespace that a selector matches. Only groups that have one of the labels it demands are looked at. */
  *groupsMatching(namespace: string, selector: LabelMatcher): Generator<PodGroup> {
    for (const group of this.#groupsThatMayMatch(namespace, selector)) {
      if (selector.matches(group.labels)) yield group;
    }
  }

  #groupsThatMayMatch(namespace: string, { requirements }: LabelMatcher): Iterable<PodGroup> {
    let fewest: ReadonlySet<PodGroup> = this.groupsOf(namespace);
    for (const { key, operator, values } of requirements) {
      const [value] = values;
      if (value === undefined || values.length > 1) continue;
      if (operator !== '=' && operator !== '==' && operator !== 'in') continue;
      const groups = this.#groupsByLabel.get(labelKey(namespace, key, value)) ?? noGroups;
      if (groups.size < fewest.size) fewest = groups;
    }
    return fewest;
  }

  /** Groups in the namespaces that a term is about that its selector matches. */
  *groupsMatchingTerm(term: AffinityTerm): Generator<PodGroup> {
    for (const namespace of this.#groupsByNamespace.keys()) {
      if (this.termCovers(term, namespace)) yield* this.groupsMatching(namespace, term.selector);
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
      info = new NodeInfo(name, this.#freeSlots.pop() ?? this.#nodes.size);
      this.#nodes.set(name, info);
    }
    return info;
  }

  #dropUnlessNeeded(info: NodeInfo): void {
    if (info.node !== undefined || info.pods.size > 0) return;
    this.#nodes.delete(info.name);
    this.#columns.release(info);
    this.#freeSlots.push(info.slot);
  }

  #newCounters(): PodCounters {
    return new PodCounters(this.#columns, (node) => this.#nodes.get(node)?.slot);
  }

  /** A Pod that is promised one node came to a node or left it: the promise counts no longer, or again. */
  #touchPromise(uid: string): void {
    const promised = this.nominations.nodeOf(uid);
    if (promised !== undefined) this.touch(promised);
  }

  #joinGroup(pod: PodInfo, { name: node, slot }: NodeInfo): void {
    let group = this.#groups.get(pod.groupKey);
    if (group === undefined) {
      const { labels, deletionTimestamp } = pod.pod.metadata;
      const { namespace, affinity } = pod;
      group = { namespace, labels, terminating: deletionTimestamp !== undefined, affinity, nodes: new Map() };
      this.#groups.set(pod.groupKey, group);
      const siblings = this.#groupsByNamespace.get(namespace);
      if (siblings === undefined) this.#groupsByNamespace.set(namespace, new Set([group]));
      else siblings.add(group);
      for (const key in labels) this.#labelled(namespace, key, labels[key] ?? '').add(group);
      if (affinity !== undefined) {
        this.#groupsWithAffinity.add(group);
        this.#countTopologies(affinity, 1);
      }
      this.#counters.groupAdded(group);
    }
    group.nodes.set(node, (group.nodes.get(node) ?? 0) + 1);
    this.#counters.podMoved(group, slot, 1);
  }

  #labelled(namespace: string, key: string, value: string): Set<PodGroup> {
    const at = labelKey(namespace, key, value);
    let groups = this.#groupsByLabel.get(at);
    if (groups === undefined) {
      groups = new Set();
      this.#groupsByLabel.set(at, groups);
    }
    return groups;
  }

  #leaveGroup(pod: PodInfo, { name: node, slot }: NodeInfo): void {
    const group = this.#groups.get(pod.groupKey);
    if (group === undefined) return;
    const count = (group.nodes.get(node) ?? 0) - 1;
    if (count > 0) group.nodes.set(node, count);
    else group.nodes.delete(node);
    this.#counters.podMoved(group, slot, -1);
    if (group.nodes.size > 0) return;
    this.#groups.delete(pod.groupKey);
    this.#counters.groupRemoved(group);
    for (const key in group.labels) {
      const at = labelKey(group.namespace, key, group.labels[key] ?? '');
      const groups = this.#groupsByLabel.get(at);
      groups?.delete(group);
      if (groups?.size === 0) this.#groupsByLabel.delete(at);
    }
    if (group.affinity !== undefined) {
      this.#groupsWithAffinity.delete(group);
      this.#countTopologies(group.affinity, -1);
    }
    const siblings = this.#groupsByNamespace.get(group.namespace);
    siblings?.delete(group);
    if (siblings?.size === 0) this.#groupsByNamespace.delete(group.namespace);
  }

  #countTopologies({ required, requiredAnti, preferred, preferredAnti }: PodAffinityTerms, sign: 1 | -1): void {
    for (const { topologyKey } of requiredAnti) count(this.#repelling, topologyKey, sign);
    for (const { topologyKey } of [...required, ...preferred, ...preferredAnti]) {
      count(this.#preferring, topologyKey, sign);
    }
  }

  #countImages(info: NodeInfo, sign: 1 | -1): void {
    for (const name of info.images.keys()) count(this.#imageNodes, name, sign);
  }
}

function count(counts: Map<string, number>, key: string, sign: 1 | -1): void {
  const sum = (counts.get(key) ?? 0) + sign;
  if (sum > 0) counts.set(key, sum);
  else counts.delete(key);
}

function labelKey(namespace: string, key: string, value: string): string {
  return `${namespace}\n${key}\n${value}`;
}

/** Whether nothing changed that decides which Pods fit; heartbeats and conditions do not. */
export function sameNode(a: Stored<Node>, b: Stored<Node>): boolean {
  return (
    equalJson(a.spec, b.spec) &&
    equalJson(a.metadata.labels, b.metadata.labels) &&
    equalJson(a.status?.allocatable, b.status?.allocatable)
  );
}

function zoneOf({ metadata }: Stored<Node>): string {
  return `${metadata.labels?.[regionLabel] ?? ''}/${metadata.labels?.[zoneLabel] ?? ''}`;
}
