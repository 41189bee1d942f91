import { labelsMatcher, type Pod, type PodDisruptionBudget, type Stored } from '@orrery/api';
import { createSeededRandom, type Random } from '@orrery/core';
import { describe, expect, test } from 'vitest';
import { builtinSchedulerPlugins } from '../builtin-plugins.ts';
import { ClusterState } from '../cluster-state.ts';
import { summary } from '../node-failures.ts';
import { createPlacer, type Placer } from '../placer.ts';
import type { SchedulerPlugin } from '../plugin.ts';
import { type PodInfo, podInfo } from '../pod-info.ts';
import { type Preemption, preempt } from '../preemption.ts';
import { RandomObjects } from '../random-cluster.fixture.ts';
import { place, type SearchOptions, type Try } from '../schedule.ts';

/**
 * The plain form of the scheduler (every plugin is asked about every node) and the columnar one decide the same: filters and their
 * reasons, scores, the chosen node, victims, and the numbers drawn. `ORRERY_SCHEDULER_CLUSTERS=10000` tries that many clusters.
 */
const clusters = Number(process.env.ORRERY_SCHEDULER_CLUSTERS ?? 2000);
const stepsEach = 12;

describe('both forms decide the same', () => {
  const parts = 10;
  test.each(Array.from({ length: parts }, (_, part) => part))(`in random clusters, part %i of ${parts}`, (part) => {
    for (let seed = part; seed < clusters; seed += parts) {
      try {
        new History(seed).run();
      } catch (error) {
        throw new Error(`cluster ${seed}`, { cause: error });
      }
    }
  });
});

/** A random cluster to which random things happen, while Pods are placed by both forms. */
class History {
  readonly #objects: RandomObjects;
  readonly #cluster: ClusterState;
  readonly #names: readonly string[];
  readonly #red = new Set(['two']);
  readonly #placed = new Map<string, PodInfo>();
  readonly #plugins: readonly SchedulerPlugin[];
  readonly #columnar: Placer;
  readonly #draws: { readonly plain: Random; readonly columnar: Random };
  readonly #percentage: number;
  #budgets: readonly Stored<PodDisruptionBudget>[] = [];
  #started = new Map<string, string>();
  #start = 0;

  constructor(seed: number) {
    this.#objects = new RandomObjects(createSeededRandom(seed));
    const objects = this.#objects;
    this.#cluster = new ClusterState({
      namespaceLabels: (name) => ({ team: this.#red.has(name) ? 'red' : 'blue' }),
      siblingSelector: ({ pod }) =>
        pod.metadata.labels?.tier === 'front' ? labelsMatcher({ app: pod.metadata.labels.app ?? '' }) : undefined,
    });
    const many = objects.isPlain ? 100 + objects.integer(150) : 100 + objects.integer(40);
    const size = objects.chance(objects.isPlain ? 30 : 8) ? many : 1 + objects.integer(16);
    this.#names = Array.from({ length: size }, (_, index) => `node-${index}`);
    this.#percentage = objects.one([0, 0, 10, 100]);
    this.#plugins = [...builtinSchedulerPlugins, ...(objects.chance(25) ? addedPlugins : [])];
    this.#draws = { plain: createSeededRandom(seed), columnar: createSeededRandom(seed) };
    this.#columnar = createPlacer(this.#cluster, this.#plugins, this.#draws.columnar);
    for (const name of this.#names) if (objects.chance(95)) this.#cluster.setNode(objects.node(name));
    for (let i = objects.integer(3 * Math.min(size, 20)); i > 0; i--) this.#put(podInfo(objects.pod()));
  }

  run(): void {
    for (let step = 0; step < stepsEach; step++) {
      this.#happen();
      this.#tryToPlace(podInfo(this.#objects.pod()));
    }
  }

  #put(pod: PodInfo, node = this.#objects.one(this.#names)): void {
    this.#cluster.add(pod, node);
    this.#placed.set(pod.uid, pod);
  }

  #take(): void {
    const pod = this.#anyPlaced();
    if (pod === undefined) return;
    this.#cluster.remove(pod.uid);
    this.#placed.delete(pod.uid);
  }

  #anyPlaced(): PodInfo | undefined {
    return this.#placed.size === 0 ? undefined : this.#objects.one([...this.#placed.values()]);
  }

  #happen(): void {
    const objects = this.#objects;
    const name = objects.one(this.#names);
    const events: readonly (() => void)[] = [
      () => this.#cluster.setNode(objects.node(name)),
      () => this.#cluster.removeNode(name),
      () => this.#put(podInfo(objects.pod())),
      () => this.#take(),
      () => this.#cluster.nominations.put(podInfo(objects.pod()), name),
      () => this.#dropNomination(),
      () => this.#toggleNamespace(objects.one(['one', 'two', 'three'])),
      () => {
        this.#budgets = objects.several(2, () => objects.budget());
      },
      () => this.#startOne(),
      () => this.#endOne(),
    ];
    for (let i = objects.integer(3); i > 0; i--) objects.one(events)();
  }

  #dropNomination(): void {
    const [node] = this.#cluster.nominations.nodes;
    const [uid] = this.#cluster.nominations.on(node ?? '').keys();
    if (uid !== undefined) this.#cluster.nominations.delete(uid);
  }

  #toggleNamespace(name: string): void {
    if (!this.#red.delete(name)) this.#red.add(name);
    this.#cluster.namespaceChanged();
  }

  /** A Pod's status shows another time of its start. */
  #startOne(): void {
    const pod = this.#anyPlaced();
    if (pod === undefined) return;
    this.#started.set(pod.uid, `2026-01-01T00:00:1${this.#objects.integer(3)}Z`);
    this.#cluster.touch(this.#cluster.placeOf(pod.uid) ?? '');
  }

  /** A Pod is being deleted now. */
  #endOne(): void {
    const pod = this.#anyPlaced();
    if (pod === undefined) return;
    const ending = { ...pod.pod, metadata: { ...pod.pod.metadata, deletionTimestamp: '2026-01-01T00:02:00Z' } };
    this.#put(podInfo(ending), this.#cluster.placeOf(pod.uid));
  }

  #tryToPlace(pod: PodInfo): void {
    const { nodes } = this.#cluster;
    if (nodes.length === 0) return;
    if (this.#objects.chance(10)) this.#cluster.nominations.put(pod, this.#objects.one(this.#names));
    const start = this.#start % nodes.length;
    const plain = this.#look((options) => place(pod, this.#cluster, this.#plugins, this.#draws.plain, options), start);
    // Without anybody who asks for scores, some Pods are placed by their class alone.
    const asksForScores = this.#objects.chance(50);
    const columnar = this.#look((options) => this.#columnar.place(pod, options), start, asksForScores);
    if (!asksForScores) plain.seen.scores = undefined;
    expect(columnar.seen).toEqual(plain.seen);
    this.#sameDraws();
    this.#start = start + plain.result.visited;
    const { placement } = plain.result;
    if (placement.type === 'placed') {
      if (this.#objects.chance(70)) this.#put(pod, placement.node);
      return;
    }
    if (placement.type !== 'unfit' || columnar.result.placement.type !== 'unfit') return;
    const context = {
      cluster: this.#cluster,
      plugins: this.#plugins,
      budgets: this.#budgets,
      current: (other: PodInfo) => this.#current(other),
    };
    const before = this.#orders();
    const expected = preempt(pod, placement.failures, { ...context, random: this.#draws.plain });
    expect(this.#orders()).toEqual(before);
    const actual = this.#columnar.preempt(pod, columnar.result.placement.failures, {
      ...context,
      random: this.#draws.columnar,
    });
    expect(this.#orders()).toEqual(before);
    expect(outcome(actual)).toEqual(outcome(expected));
    this.#sameDraws();
    this.#followUp(pod, expected);
  }

  #look(form: (options: SearchOptions) => Try, start: number, asksForScores = true): Look {
    let scores: unknown;
    const scored: Scored = (nodes, totals) => {
      scores = nodes.map(({ name }, index) => [name, totals[index]]);
    };
    const options = { percentageOfNodesToScore: this.#percentage, start };
    const result = form(asksForScores ? { ...options, scored } : options);
    const { placement, visited } = result;
    if (placement.type !== 'unfit') return { result, seen: { placement, visited, scores } };
    const { reasons, plugins } = summary(placement.failures);
    const failures = this.#cluster.nodes.map((node) => [node.name, placement.failures.of(node)]);
    return {
      result,
      seen: { visited, failures, reasons: [...reasons].sort(), plugins: [...plugins].sort() },
    };
  }

  /** Sometimes the Pod waits for its victims, and sometimes they go. */
  #followUp(pod: PodInfo, preemption: Preemption): void {
    if (!('candidate' in preemption) || this.#objects.chance(30)) return;
    this.#cluster.nominations.put(pod, preemption.candidate.node);
    for (const { uid } of preemption.candidate.victims) {
      if (this.#objects.chance(50)) continue;
      this.#cluster.remove(uid);
      this.#placed.delete(uid);
    }
  }

  #current({ pod, uid }: PodInfo): Stored<Pod> {
    const startTime = this.#started.get(uid);
    return startTime === undefined ? pod : { ...pod, status: { ...pod.status, startTime } };
  }

  #orders(): unknown {
    return this.#cluster.nodes.map(({ name, pods, requested }) => [name, [...pods.keys()], requested.get('cpu') ?? 0]);
  }

  #sameDraws(): void {
    expect(this.#draws.columnar.integer(1_000_000)).toBe(this.#draws.plain.integer(1_000_000));
  }
}

type Scored = NonNullable<SearchOptions['scored']>;

/** What a form came to, and what is compared of it. */
interface Look {
  readonly result: Try;
  readonly seen: { scores?: unknown; readonly [part: string]: unknown };
}

function outcome(preemption: Preemption): unknown {
  if ('message' in preemption) return preemption;
  const { node, victims, cost } = preemption.candidate;
  return { node, victims: victims.map(({ uid }) => uid), cost };
}

/** Plugins that know the public interface only. */
const addedPlugins: readonly SchedulerPlugin[] = [
  {
    name: 'NoLogs',
    filter: ({ pod }) =>
      pod.metadata.labels?.app === 'log' && pod.spec.containers.length > 1 ? { message: 'no logs here' } : undefined,
  },
  {
    name: 'Crowd',
    weight: 3,
    filter: (_, cluster) => {
      const most = cluster.groupsOf('one').size + 3;
      return (node) =>
        node.pods.size > most ? { reasons: [`node(s) had over ${most} Pods`], unresolvable: false } : undefined;
    },
    score: (_, __, nodes) => nodes.map(({ pods }) => 10 / (pods.size + 3)),
  },
  { name: 'Silent', score: () => undefined },
];
