import type { ClusterState } from '../cluster-state.ts';
import {
  asksForNothing,
  balancedAllocationScore,
  insufficient,
  leastAllocatedScore,
  nodePorts,
  nodeResourcesFit,
  portTaken,
  tooManyPods,
} from '../plugins/node-resources.ts';
import {
  doesNotMatch,
  isOtherNode,
  isUnschedulable,
  nodeAffinity,
  nodeName,
  nodeUnschedulable,
  taintToleration,
  toleratesUnschedulable,
  untoleratedFailure,
  untoleratedPreferences,
} from '../plugins/node-rules.ts';
import { anyAddress, type HostPort, type PodInfo } from '../pod-info.ts';
import { awaitedPods } from '../schedule.ts';
import { BitSet } from './bit-set.ts';
import { type FailureTable, fits, noNode } from './failure-table.ts';
import { requiredNodes, type SlotRule, termRule } from './label-rule.ts';
import type { NodeColumns, ResourceColumn } from './node-columns.ts';
import { IntColumn } from './number-columns.ts';
import type { SlotLog } from './slot-log.ts';

/** The verdict on a node that is to be asked about each Pod by itself: it is promised to Pods that others may mind. */
export const askAlone = -2;

/** Pods with equal keys get the same verdicts and scores from all rules that look at one node only. */
export function fitKey(pod: PodInfo): string {
  const { spec } = pod.pod;
  return JSON.stringify([
    pod.priority,
    spec.nodeName,
    spec.nodeSelector,
    spec.affinity?.nodeAffinity,
    spec.tolerations,
    [...pod.requests],
    pod.scored.cpu,
    pod.scored.memory,
    pod.hostPorts,
  ]);
}

/** Pods that are not on a node, or not any more, as seen by a verdict. */
export interface Presence {
  /** Added to the node's Pods. */
  readonly more: readonly PodInfo[];
  /** Taken from them; what is more stays. */
  readonly fewer: ReadonlySet<PodInfo>;
}

/**
 * A class of Pods that are equal to all rules that look at one node only (the node's own fields, taints, node affinity, ports,
 * resources), with its verdict on every node and its scores. Each is found once, and again when that node changes.
 */
export class FitClass {
  /** Verdicts by slot, as if nothing were promised to anyone. */
  readonly unpromised = new IntColumn();
  /** Verdicts by slot, with the Pods that the node is promised to; or {@link askAlone}. */
  readonly verdicts = new IntColumn();
  /** Slots that are promised to Pods of no lower priority that are not there yet. */
  readonly promised = new BitSet();
  /** Scores for resources by slot. */
  readonly scores = new IntColumn();
  /** How many `PreferNoSchedule` taints are not tolerated, by slot. */
  readonly taintCounts = new IntColumn();
  /** Sums of the weights of the preferred terms that match, by slot. */
  readonly preferences = new IntColumn();
  readonly #pod: PodInfo;
  readonly #cluster: ClusterState;
  readonly #columns: NodeColumns;
  readonly #failures: FailureTable;
  /** Nodes by verdict. */
  readonly #tally = new IntColumn();
  /** The verdict under which a slot is in the tally, plus one; 0 if it is not. */
  readonly #tallied = new IntColumn();
  readonly #nodeRules: NodeRules;
  readonly #requests: readonly { readonly name: string; readonly value: number; readonly column: ResourceColumn }[];
  readonly #cpu: ResourceColumn;
  readonly #memory: ResourceColumn;
  readonly #portVerdict: number;
  readonly #judged: (slot: number) => void;
  #reserved = 0;
  #seenNodes = Number.NEGATIVE_INFINITY;
  #seen = Number.NEGATIVE_INFINITY;
  /** How many nodes have a taint count above 0. */
  #tainted = 0;
  #alone = 0;

  /** `judged` is called with each slot whose verdict or score is found anew. */
  constructor(pod: PodInfo, cluster: ClusterState, failures: FailureTable, judged: (slot: number) => void) {
    const { columns } = cluster;
    this.#pod = pod;
    this.#cluster = cluster;
    this.#columns = columns;
    this.#failures = failures;
    this.#judged = judged;
    this.#nodeRules = new NodeRules(pod, columns, failures);
    this.#requests = [...pod.requests].map(([name, value]) => ({ name, value, column: columns.resource(name) }));
    this.#cpu = columns.resource('cpu');
    this.#memory = columns.resource('memory');
    this.#portVerdict = failures.number(nodePorts.name, portTaken);
  }

  /** Whether a node has a `PreferNoSchedule` taint that is not tolerated. */
  get minds(): boolean {
    return this.#tainted > 0;
  }

  /** Whether the class prefers nodes by their labels. */
  get prefers(): boolean {
    return this.#nodeRules.prefers;
  }

  /** Whether there is a node with {@link askAlone}. */
  get asksAlone(): boolean {
    return this.#alone > 0;
  }

  /** How many nodes have a verdict. */
  tally(verdict: number): number {
    return this.#tally.get(verdict);
  }

  /** Takes in what has changed. */
  sync(): void {
    const { changes, nodeChanges, size } = this.#columns;
    if (this.#seen === changes.end) return;
    if (size > this.#reserved) this.#reserve(size);
    forEachChange(nodeChanges, this.#seenNodes, size, (slot) => this.#judgeNode(slot));
    this.#seenNodes = nodeChanges.end;
    forEachChange(changes, this.#seen, size, (slot) => this.#judge(slot));
    this.#seen = changes.end;
  }

  #reserve(size: number): void {
    for (const column of [this.unpromised, this.verdicts, this.scores, this.taintCounts, this.preferences]) {
      column.reserve(size);
    }
    this.#reserved = size;
  }

  #judgeNode(slot: number): void {
    const taintCount = this.#nodeRules.taintCount(slot);
    if (this.taintCounts.get(slot) > 0) this.#tainted--;
    if (taintCount > 0) this.#tainted++;
    this.taintCounts.set(slot, taintCount);
    if (this.prefers) this.preferences.set(slot, this.#nodeRules.preference(slot));
  }

  #judge(slot: number): void {
    const before = this.#tallied.get(slot) - 1;
    if (before >= fits) this.#tally.add(before, -1);
    const unpromised = this.verdictWith(slot, nobody);
    const node = this.#columns.info(slot);
    const awaited =
      node === undefined || unpromised === noNode ? [] : awaitedPods(node, this.#cluster, this.#pod.priority);
    const verdict = awaited.length === 0 ? unpromised : this.#promisedVerdict(slot, unpromised, awaited);
    if (verdict >= fits) this.#tally.add(verdict, 1);
    this.#tallied.set(slot, Math.max(verdict, noNode) + 1);
    if (this.verdicts.get(slot) === askAlone) this.#alone--;
    if (verdict === askAlone) this.#alone++;
    this.unpromised.set(slot, unpromised);
    this.verdicts.set(slot, verdict);
    this.promised.set(slot, awaited.length > 0);
    this.scores.set(slot, unpromised === noNode ? 0 : this.#score(slot));
    this.#judged(slot);
  }

  /** The verdict with the node's promises to others kept. */
  #promisedVerdict(slot: number, unpromised: number, awaited: readonly PodInfo[]): number {
    if (awaited.some(({ affinity }) => affinity !== undefined)) return askAlone;
    const verdict = this.verdictWith(slot, { more: awaited, fewer: nobody.fewer });
    return verdict === fits ? unpromised : verdict;
  }

  /** The verdict on a node if some Pods more or fewer were on it. */
  verdictWith(slot: number, presence: Presence): number {
    const own = this.#nodeRules.verdict(slot);
    if (own !== fits) return own;
    for (const port of this.#pod.hostPorts) {
      if (this.#isTaken(port, slot, presence)) return this.#portVerdict;
    }
    return this.#resourceVerdict(slot, presence);
  }

  #isTaken(port: HostPort, slot: number, { more, fewer }: Presence): boolean {
    if (more.some(({ hostPorts }) => hostPorts.some((other) => clash(port, other)))) return true;
    if (!this.#columns.isTaken(port, slot)) return false;
    if (fewer.size === 0) return true;
    for (const other of this.#columns.info(slot)?.pods.values() ?? []) {
      if (!fewer.has(other) && other.hostPorts.some((held) => clash(port, held))) return true;
    }
    return false;
  }

  #resourceVerdict(slot: number, { more, fewer }: Presence): number {
    let reasons: string[] | undefined;
    const pods = this.#columns.pods.get(slot) + more.length - fewer.size;
    if (pods + 1 > this.#columns.podLimit.get(slot)) reasons = [tooManyPods];
    let exceeds = false;
    for (const { name, value, column } of this.#requests) {
      const allocatable = column.allocatable.get(slot);
      if (value > allocatable) exceeds = true;
      if (value <= 0) continue;
      let requested = column.requested.get(slot);
      for (const pod of more) requested += pod.requests.get(name) ?? 0;
      for (const pod of fewer) requested -= pod.requests.get(name) ?? 0;
      if (value > allocatable - requested) {
        reasons ??= [];
        reasons.push(insufficient(name));
      }
    }
    return reasons === undefined
      ? fits
      : this.#failures.number(nodeResourcesFit.name, { reasons, unresolvable: exceeds });
  }

  #score(slot: number): number {
    const { scored, requests } = this.#pod;
    const { scoredCpu, scoredMemory } = this.#columns;
    const cpu = this.#cpu.allocatable.get(slot);
    const memory = this.#memory.allocatable.get(slot);
    const free = leastAllocatedScore(
      cpu,
      scoredCpu.get(slot) + scored.cpu,
      memory,
      scoredMemory.get(slot) + scored.memory,
    );
    if (asksForNothing(this.#pod)) return free;
    const usedCpu = this.#cpu.requested.get(slot) + (requests.get('cpu') ?? 0);
    const usedMemory = this.#memory.requested.get(slot) + (requests.get('memory') ?? 0);
    return free + balancedAllocationScore(cpu, usedCpu, memory, usedMemory);
  }
}

const nobody: Presence = { more: [], fewer: new Set() };

function forEachChange(log: SlotLog, seen: number, size: number, take: (slot: number) => void): void {
  if (log.reaches(seen, size)) {
    for (let i = seen; i < log.end; i++) take(log.at(i));
  } else {
    for (let slot = 0; slot < size; slot++) take(slot);
  }
}

function clash(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.protocol !== b.protocol) return false;
  return a.ip === b.ip || a.ip === anyAddress || b.ip === anyAddress;
}

/** What a class thinks of a node by itself, whatever Pods are on it. */
class NodeRules {
  readonly #columns: NodeColumns;
  readonly #pod: PodInfo;
  readonly #failures: FailureTable;
  readonly #toleratesUnschedulable: boolean;
  readonly #wanted: string | undefined;
  readonly #affinity: SlotRule | undefined;
  readonly #preferred: readonly { readonly weight: number; readonly matches: SlotRule }[];
  readonly #cordoned: number;
  readonly #elsewhere: number;
  readonly #unlike: number;
  /** By id of a taint list: the verdict on it, and how many of its preferences are not tolerated. */
  readonly #taints: ({ readonly verdict: number; readonly count: number } | undefined)[] = [];

  constructor(pod: PodInfo, columns: NodeColumns, failures: FailureTable) {
    const { spec } = pod.pod;
    this.#columns = columns;
    this.#pod = pod;
    this.#failures = failures;
    this.#toleratesUnschedulable = toleratesUnschedulable(pod.pod);
    this.#wanted = spec.nodeName === '' ? undefined : spec.nodeName;
    this.#affinity = requiredNodes(spec, columns);
    const preferred = spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    this.#preferred = preferred
      .filter(({ weight }) => weight > 0)
      .map(({ weight, preference }) => ({ weight, matches: termRule(preference, columns) }));
    this.#cordoned = failures.number(nodeUnschedulable.name, isUnschedulable);
    this.#elsewhere = failures.number(nodeName.name, isOtherNode);
    this.#unlike = failures.number(nodeAffinity.name, doesNotMatch);
  }

  get prefers(): boolean {
    return this.#preferred.length > 0;
  }

  verdict(slot: number): number {
    const { present, unschedulable } = this.#columns;
    if (!present.has(slot)) return noNode;
    if (!this.#toleratesUnschedulable && unschedulable.has(slot)) return this.#cordoned;
    if (this.#wanted !== undefined && this.#columns.info(slot)?.name !== this.#wanted) return this.#elsewhere;
    const { verdict } = this.#taintRules(slot);
    if (verdict !== fits) return verdict;
    return this.#affinity?.(slot) === false ? this.#unlike : fits;
  }

  taintCount(slot: number): number {
    return this.#columns.present.has(slot) ? this.#taintRules(slot).count : 0;
  }

  preference(slot: number): number {
    let sum = 0;
    for (const { weight, matches } of this.#preferred) if (matches(slot)) sum += weight;
    return sum;
  }

  #taintRules(slot: number): { readonly verdict: number; readonly count: number } {
    const id = this.#columns.taintList.get(slot);
    let known = this.#taints[id];
    if (known === undefined) {
      const taints = this.#columns.taints[id] ?? [];
      const tolerations = this.#pod.pod.spec.tolerations ?? [];
      const failure = untoleratedFailure(taints, tolerations);
      known = {
        verdict: failure === undefined ? fits : this.#failures.number(taintToleration.name, failure),
        count: untoleratedPreferences(taints, tolerations),
      };
      this.#taints[id] = known;
    }
    return known;
  }
}
