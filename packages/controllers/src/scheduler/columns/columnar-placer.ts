import type { Random } from '@orrery/core';
import type { ClusterState } from '../cluster-state.ts';
import type { NodeFailure, NodeFailures } from '../node-failures.ts';
import type { NodeInfo } from '../node-info.ts';
import type { Placer } from '../placer.ts';
import type { SchedulerPlugin } from '../plugin.ts';
import { imageLocality, imageScore, imagesOf } from '../plugins/image-locality.ts';
import { interPodAffinity } from '../plugins/inter-pod-affinity.ts';
import { nodeAffinity, taintToleration } from '../plugins/node-rules.ts';
import { podTopologySpread } from '../plugins/pod-topology-spread.ts';
import type { PodInfo } from '../pod-info.ts';
import { type Preemption, type PreemptionContext, preempt, stateTrial, victimsOn } from '../preemption.ts';
import {
  awaitedPods,
  firstFailure,
  highest,
  nodesToFind,
  type Placement,
  prepareFilters,
  type SearchOptions,
  type Try,
} from '../schedule.ts';
import { AffinityRules } from './affinity.ts';
import { Candidates } from './candidates.ts';
import { FailureTable, fits, noNode } from './failure-table.ts';
import { askAlone, FitClass, fitKey } from './fit-class.ts';
import type { NodeColumns } from './node-columns.ts';
import { ScoreBlocks } from './score-blocks.ts';
import { SpreadRules } from './spread.ts';
import { VictimCache } from './victim-cache.ts';

/** As many classes of Pods are kept; beyond, the one that was not used for longest is dropped. */
const mostClasses = 64;
/** With more different failures than this, the table begins anew. */
const mostFailures = 10_000;

/** How often it is seen to that nothing is kept for ever. */
const triesBetweenTidying = 256;

type RejectedBy = Extract<Placement, { type: 'rejected' }>;

/** Everything that decides about one Pod, as the cluster is at this moment. */
interface Judge {
  readonly fit: FitClass;
  readonly spread: SpreadRules;
  readonly affinity: AffinityRules;
  /** Whether no rule looks further than one node and its Pods. */
  readonly isLocal: boolean;
  /** The verdict of the rules that look further, on a node that passed those that do not. */
  others(slot: number): number;
}

interface PodClass {
  readonly fit: FitClass;
  readonly victims: VictimCache;
  readonly blocks: ScoreBlocks;
}

/**
 * Places Pods by the built-in rules, and by others after them, over columns: what is equal is decided once, and what has
 * not changed is not decided again. It decides as `place` and `preempt` do with the same plugins, and draws the same numbers.
 */
export class ColumnarPlacer implements Placer {
  readonly #cluster: ClusterState;
  /** The rules that are not built in; they see nodes as objects. */
  readonly #added: readonly SchedulerPlugin[];
  readonly #random: Random;
  readonly #candidates = new Candidates();
  #columns: NodeColumns;
  #failures = new FailureTable();
  /** In the order of their last use. */
  readonly #classes = new Map<string, PodClass>();
  /** Verdicts of the latest try that found no node, by slot. */
  #verdicts = new Int32Array(0);
  #tries = 0;

  constructor(cluster: ClusterState, added: readonly SchedulerPlugin[], random: Random) {
    this.#cluster = cluster;
    this.#columns = cluster.columns;
    this.#added = added;
    this.#random = random;
  }

  place(pod: PodInfo, options: SearchOptions): Try {
    this.#tidy();
    const judge = this.#judge(pod);
    if ('message' in judge) {
      return { placement: { type: 'rejected', plugin: judge.plugin, message: judge.message }, visited: 0 };
    }
    if (this.#isDecidedByClass(pod, judge, options)) return this.#placeByClass(pod, judge, options);
    const visited = this.#search(pod, judge, options);
    const { count, slots } = this.#candidates;
    if (count === 0) {
      return { placement: { type: 'unfit', failures: this.#latestFailures() }, visited };
    }
    const index = count === 1 ? 0 : this.#best(pod, judge, options);
    const chosen = this.#columns.info(slots[index] as number) as NodeInfo;
    return { placement: { type: 'placed', node: chosen.name }, visited };
  }

  /** Whether the class alone knows which nodes fit and how well. */
  #isDecidedByClass(pod: PodInfo, { fit, spread, affinity, isLocal }: Judge, { scored }: SearchOptions): boolean {
    if (!isLocal || fit.asksAlone || fit.minds || fit.prefers || scored !== undefined) return false;
    if (this.#cluster.nominations.nodeOf(pod.uid) !== undefined) return false;
    if (affinity.prefers || spread.prefers || this.#added.some(({ score }) => score !== undefined)) return false;
    return !imagesOf(pod.pod).some((image) => this.#cluster.nodesWithImage(image) > 0);
  }

  #placeByClass(pod: PodInfo, judge: Judge, { percentageOfNodesToScore, start }: SearchOptions): Try {
    const { slots } = this.#cluster;
    const wanted = nodesToFind(slots.length, percentageOfNodesToScore);
    const { slot, visited } = this.#classOf(pod).blocks.find(judge.fit, wanted, start, this.#random);
    if (slot === undefined) {
      this.#record(pod, noNode, judge);
      return { placement: { type: 'unfit', failures: this.#latestFailures() }, visited };
    }
    return { placement: { type: 'placed', node: (this.#columns.info(slot) as NodeInfo).name }, visited };
  }

  preempt(pod: PodInfo, failures: NodeFailures, context: PreemptionContext): Preemption {
    this.#tidy();
    const judge = this.#judge(pod);
    const search = (node: NodeInfo) => {
      const trial = stateTrial(node, this.#cluster, () => this.#failureWithPromises(pod, node));
      return victimsOn(node, pod, trial, context);
    };
    if ('message' in judge || !judge.isLocal) return preempt(pod, failures, context, search);
    const { fit, victims } = this.#classOf(pod);
    victims.begin(context.budgets);
    const own = this.#cluster.node(this.#cluster.nominations.nodeOf(pod.uid) ?? '');
    return preempt(pod, failures, context, (node) =>
      node === own || fit.verdicts.get(node.slot) === askAlone ? search(node) : victims.on(node, pod, fit, context),
    );
  }

  /** What decides about a Pod, as the cluster is now; or the rejection of an added plugin. */
  #judge(pod: PodInfo): Judge | RejectedBy {
    const added = prepareFilters(pod, this.#cluster, this.#added);
    if ('rejection' in added) return added.rejection;
    const { fit } = this.#classOf(pod);
    fit.sync();
    const spread = new SpreadRules(pod, this.#cluster, this.#failures);
    const affinity = new AffinityRules(pod, this.#cluster, this.#failures);
    const rules = [spread.filter(), affinity.filter()].filter((rule) => rule !== undefined);
    const filters = added.prepared;
    const others = (slot: number): number => {
      for (const rule of rules) {
        const verdict = rule(slot);
        if (verdict !== fits) return verdict;
      }
      if (filters.length === 0) return fits;
      const failure = firstFailure(this.#columns.info(slot) as NodeInfo, filters);
      return failure === undefined ? fits : this.#failures.number(failure.plugin, failure);
    };
    return { fit, spread, affinity, isLocal: rules.length === 0 && filters.length === 0, others };
  }

  /** Fills the candidates with the nodes that fit, until they are enough. Gives how many nodes were looked at. */
  #search(pod: PodInfo, judge: Judge, { percentageOfNodesToScore, start }: SearchOptions): number {
    const { slots } = this.#cluster;
    const candidates = this.#candidates;
    const wanted = nodesToFind(slots.length, percentageOfNodesToScore);
    candidates.begin(wanted);
    const own = this.#cluster.node(this.#cluster.nominations.nodeOf(pod.uid) ?? '')?.slot ?? noNode;
    if (own !== noNode && this.#verdict(pod, own, own, judge) === fits) {
      candidates.add(own);
      return 0;
    }
    const visited = judge.isLocal
      ? this.#searchLocally(pod, own, judge.fit, wanted, start)
      : this.#searchWidely(pod, own, judge, wanted, start);
    if (candidates.count === 0) this.#record(pod, own, judge);
    return visited;
  }

  /** The search for Pods that no rule asks about more than single nodes: their class knows it all. */
  #searchLocally(pod: PodInfo, own: number, fit: FitClass, wanted: number, start: number): number {
    const { slots } = this.#cluster;
    const candidates = this.#candidates;
    const verdicts = fit.verdicts.values;
    if (fit.tally(fits) === 0 && !fit.asksAlone && own === noNode) return slots.length;
    let visited = 0;
    for (let at = start; visited < slots.length && candidates.count < wanted; visited++) {
      const slot = slots[at] as number;
      if (++at === slots.length) at = 0;
      const verdict = verdicts[slot] as number;
      if (verdict === fits && slot !== own) candidates.add(slot);
      else if ((verdict === askAlone || slot === own) && this.#verdictAlone(pod, slot) === fits) candidates.add(slot);
    }
    return visited;
  }

  #searchWidely(pod: PodInfo, own: number, judge: Judge, wanted: number, start: number): number {
    const { slots } = this.#cluster;
    const candidates = this.#candidates;
    let visited = 0;
    for (let at = start; visited < slots.length && candidates.count < wanted; visited++) {
      const slot = slots[at] as number;
      if (++at === slots.length) at = 0;
      if (this.#verdict(pod, slot, own, judge) === fits) candidates.add(slot);
    }
    return visited;
  }

  /** No node fits: keeps the verdict on each. */
  #record(pod: PodInfo, own: number, judge: Judge): void {
    const { slots } = this.#cluster;
    this.#reserveVerdicts();
    const verdicts = this.#verdicts;
    if (judge.isLocal && !judge.fit.asksAlone && own === noNode) {
      verdicts.set(judge.fit.verdicts.values.subarray(0, this.#columns.size));
    } else for (const slot of slots) verdicts[slot] = this.#verdict(pod, slot, own, judge);
  }

  /** The verdict on one node. `own` is the slot that is promised to this very Pod. */
  #verdict(pod: PodInfo, slot: number, own: number, { fit, isLocal, others }: Judge): number {
    if (isLocal) {
      const verdict = fit.verdicts.get(slot);
      return verdict === askAlone || slot === own ? this.#verdictAlone(pod, slot) : verdict;
    }
    if (fit.promised.has(slot)) return this.#verdictAlone(pod, slot);
    const verdict = fit.unpromised.get(slot);
    return verdict === fits ? others(slot) : verdict;
  }

  /** Tries the node as it will be once the Pods are there that it is promised to, then as it is. */
  #verdictAlone(pod: PodInfo, slot: number): number {
    const failure = this.#failureWithPromises(pod, this.#columns.info(slot) as NodeInfo);
    return failure === undefined ? fits : this.#failures.number(failure.plugin, failure);
  }

  #failureWithPromises(pod: PodInfo, node: NodeInfo): NodeFailure | undefined {
    const awaited = awaitedPods(node, this.#cluster, pod.priority, pod.uid);
    const failure = awaited.length === 0 ? undefined : this.#failureWith(awaited, pod, node);
    return failure ?? this.#failureOn(pod, node);
  }

  #failureWith(others: readonly PodInfo[], pod: PodInfo, node: NodeInfo): NodeFailure | undefined {
    for (const other of others) this.#cluster.add(other, node.name);
    try {
      return this.#failureOn(pod, node);
    } finally {
      for (const other of others) this.#cluster.remove(other.uid);
      this.#classOf(pod).fit.sync();
    }
  }

  /** Whether a Pod fits on one node as the cluster is now. Undefined says yes. */
  #failureOn(pod: PodInfo, node: NodeInfo): NodeFailure | undefined {
    const judge = this.#judge(pod);
    if ('message' in judge) return { plugin: judge.plugin, reasons: [judge.message], unresolvable: true };
    const verdict = judge.fit.unpromised.get(node.slot);
    return this.#failures.failure(verdict === fits ? judge.others(node.slot) : verdict);
  }

  /** The failures of the latest search, which looked at every node. */
  #latestFailures(): NodeFailures {
    const failures = this.#failures;
    const verdicts = this.#verdicts;
    const { slots } = this.#cluster;
    return {
      of: ({ slot }) => failures.failure(verdicts[slot] as number),
      // The nodes are those of `slots`, in the same order: only their slots are looked at.
      resolvable(nodes) {
        const isResolvable = Uint8Array.from({ length: failures.size }, (_, verdict) =>
          failures.failure(verdict)?.unresolvable === false ? 1 : 0,
        );
        const found: NodeInfo[] = [];
        for (let i = 0; i < slots.length; i++) {
          if (isResolvable[verdicts[slots[i] as number] as number] === 1) found.push(nodes[i] as NodeInfo);
        }
        return found;
      },
      *counts() {
        const nodes = new Int32Array(failures.size);
        for (const slot of slots) nodes[verdicts[slot] as number] = (nodes[verdicts[slot] as number] as number) + 1;
        for (let verdict = 1; verdict < nodes.length; verdict++) {
          const failure = failures.failure(verdict);
          if (failure !== undefined && nodes[verdict] !== 0) yield [failure, nodes[verdict] as number];
        }
      },
    };
  }

  /** The index of the best candidate. */
  #best(pod: PodInfo, { fit, spread, affinity }: Judge, options: SearchOptions): number {
    const candidates = this.#candidates;
    const { slots, totals, count } = candidates;
    const tainted = taintToleration.weight ?? 1;
    const scores = fit.scores.values;
    const base = fit.minds ? 0 : 100 * tainted;
    for (let i = 0; i < count; i++) totals[i] = base + (scores[slots[i] as number] as number);
    if (fit.minds) candidates.addNormalized((slot) => fit.taintCounts.get(slot), tainted, true);
    if (fit.prefers) candidates.addNormalized((slot) => fit.preferences.get(slot), nodeAffinity.weight ?? 1, false);
    spread.score(candidates, podTopologySpread.weight ?? 1);
    affinity.score(candidates, interPodAffinity.weight ?? 1);
    this.#scoreImages(pod);
    this.#scoreByAdded(pod);
    options.scored?.(this.#nodes(), totals.subarray(0, count));
    return highest(totals, count, this.#random);
  }

  #scoreImages({ pod }: PodInfo): void {
    const images = imagesOf(pod);
    const known = images.filter((image) => this.#cluster.nodesWithImage(image) > 0);
    if (known.length === 0) return;
    const { slots, totals, count } = this.#candidates;
    const columns = known.map((image) => ({
      sizes: this.#columns.image(image),
      nodes: this.#cluster.nodesWithImage(image),
    }));
    const all = this.#cluster.slots.length;
    const weight = imageLocality.weight ?? 1;
    for (let i = 0; i < count; i++) {
      let sum = 0;
      for (const { sizes, nodes } of columns) {
        const size = sizes.get(slots[i] as number);
        if (size > 0) sum += Math.floor((size * nodes) / all);
      }
      totals[i] = (totals[i] as number) + imageScore(sum, images.length) * weight;
    }
  }

  #scoreByAdded(pod: PodInfo): void {
    const { totals, count } = this.#candidates;
    let nodes: readonly NodeInfo[] | undefined;
    for (const plugin of this.#added) {
      if (plugin.score === undefined) continue;
      nodes ??= this.#nodes();
      const scores = plugin.score(pod, this.#cluster, nodes);
      if (scores === undefined) continue;
      const weight = plugin.weight ?? 1;
      for (let i = 0; i < count; i++) totals[i] = (totals[i] as number) + (scores[i] ?? 0) * weight;
    }
  }

  /** The candidates as objects. */
  #nodes(): readonly NodeInfo[] {
    const { slots, count } = this.#candidates;
    return Array.from(slots.subarray(0, count), (slot) => this.#columns.info(slot) as NodeInfo);
  }

  #classOf(pod: PodInfo): PodClass {
    const key = fitKey(pod);
    let known = this.#classes.get(key);
    if (known === undefined) {
      const victims = new VictimCache(this.#failures);
      const blocks = new ScoreBlocks(this.#cluster);
      const judged = (slot: number) => {
        victims.forget(slot);
        blocks.judged(slot);
      };
      known = { victims, blocks, fit: new FitClass(pod, this.#cluster, this.#failures, judged) };
      for (const oldest of this.#classes.keys()) {
        if (this.#classes.size < mostClasses) break;
        this.#classes.delete(oldest);
      }
    } else this.#classes.delete(key);
    this.#classes.set(key, known);
    return known;
  }

  /** Begins anew with what stands on columns that are no longer in use. */
  #tidy(): void {
    if (this.#tries++ % triesBetweenTidying === 0) this.#cluster.tidy();
    if (this.#columns === this.#cluster.columns && this.#failures.size <= mostFailures) return;
    this.#columns = this.#cluster.columns;
    this.#failures = new FailureTable();
    this.#classes.clear();
  }

  #reserveVerdicts(): void {
    if (this.#verdicts.length < this.#columns.size) this.#verdicts = new Int32Array(2 * this.#columns.size);
  }
}
