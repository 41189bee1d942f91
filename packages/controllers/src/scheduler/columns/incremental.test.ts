import { labelsMatcher, type Node, type Stored } from '@orrery/api';
import { createSeededRandom } from '@orrery/core';
import { describe, expect, test } from 'vitest';
import { ClusterState } from '../cluster-state.ts';
import { type PodInfo, podInfo } from '../pod-info.ts';
import { RandomObjects } from '../random-cluster.fixture.ts';
import { FailureTable } from './failure-table.ts';
import { FitClass } from './fit-class.ts';
import { absent } from './label-column.ts';
import type { PodCounter } from './pod-counter.ts';

const facts = { namespaceLabels: () => undefined, siblingSelector: () => undefined };
const zone = 'topology.kubernetes.io/zone';
const labels = ['kubernetes.io/hostname', zone, 'rack', 'disk'];
const ports = [80, 443].flatMap((port) =>
  ['0.0.0.0', '10.0.0.1', '10.0.0.2'].flatMap((ip) => ['TCP', 'UDP'].map((protocol) => ({ ip, protocol, port }))),
);
const histories = 150;

/** A cluster to which random things happen, and everything that it takes to make the same one from nothing. */
class History {
  readonly #objects: RandomObjects;
  readonly #nodes = new Map<string, Stored<Node>>();
  readonly #pods = new Map<string, { readonly pod: PodInfo; readonly node: string }>();
  readonly cluster = new ClusterState(facts);

  constructor(seed: number) {
    this.#objects = new RandomObjects(createSeededRandom(seed));
  }

  happen(times: number): void {
    for (let i = 0; i < times; i++) {
      const name = `node-${this.#objects.integer(8)}`;
      const what = this.#objects.integer(10);
      if (what < 3) this.#setNode(name);
      else if (what === 3) this.#removeNode(name);
      else if (what < 8) this.#addPod(name);
      else this.#removePod();
    }
  }

  #setNode(name: string): void {
    const node = this.#objects.node(name);
    this.#nodes.set(name, node);
    this.cluster.setNode(node);
  }

  #removeNode(name: string): void {
    this.#nodes.delete(name);
    this.cluster.removeNode(name);
  }

  #addPod(node: string): void {
    const pod = podInfo(this.#objects.pod());
    this.#pods.set(pod.uid, { pod, node });
    this.cluster.add(pod, node);
  }

  #removePod(): void {
    if (this.#pods.size === 0) return;
    const uid = this.#objects.one([...this.#pods.keys()]);
    this.#pods.delete(uid);
    this.cluster.remove(uid);
  }

  anyPod(): PodInfo {
    return podInfo(this.#objects.pod());
  }

  rebuilt(): ClusterState {
    const cluster = new ClusterState(facts);
    for (const { pod, node } of this.#pods.values()) cluster.add(pod, node);
    for (const node of this.#nodes.values()) cluster.setNode(node);
    return cluster;
  }
}

/** All that columns say, by node. */
function columnsByNode({ nodes, columns }: ClusterState): unknown {
  return nodes.map(({ name, slot }) => ({
    name,
    present: columns.present.has(slot),
    unschedulable: columns.unschedulable.has(slot),
    pods: [columns.pods.get(slot), columns.podLimit.get(slot)],
    scored: [columns.scoredCpu.get(slot), columns.scoredMemory.get(slot)],
    taints: columns.taints[columns.taintList.get(slot)],
    labels: labels.map((key) => columns.label(key).value(columns.label(key).id(slot))),
    resources: ['cpu', 'memory', 'example.com/gpu'].map((resource) => {
      const { allocatable, requested } = columns.resource(resource);
      return [allocatable.get(slot), requested.get(slot)];
    }),
    images: ['web:latest', 'store:2'].map((image) => columns.image(image).get(slot)),
    ports: ports.map((port) => columns.isTaken(port, slot)),
  }));
}

function counterIn(cluster: ClusterState, topologyKey: string): PodCounter {
  const selector = labelsMatcher({ app: 'web' });
  return cluster.counters.get(
    topologyKey,
    () => ({
      topologyKey,
      weightOf: (group) => (group.namespace === 'one' && selector.matches(group.labels) ? 2 : 0),
      counts: (slot) => cluster.columns.label('disk').id(slot) !== absent,
    }),
    () => cluster.groupsMatching('one', selector),
  );
}

function sumsByDomain(cluster: ClusterState): unknown {
  return [zone, 'kubernetes.io/hostname'].map((key) => {
    const counter = counterIn(cluster, key);
    const { column, sums, total, least } = counter;
    const domains = new Map(cluster.nodes.map(({ slot }) => [column.value(column.id(slot)) ?? '', column.id(slot)]));
    const found = [...domains].map(([value, id]) => [value, id === absent ? undefined : sums.get(id)]);
    return { total, least, sums: found.sort() };
  });
}

function verdictsByNode(cluster: ClusterState, fit: FitClass, failures: FailureTable): unknown {
  fit.sync();
  const nodes = cluster.nodes.map(({ name, slot }) => ({
    name,
    failure: failures.failure(fit.verdicts.get(slot)),
    score: fit.scores.get(slot),
    taints: fit.taintCounts.get(slot),
    preference: fit.preferences.get(slot),
  }));
  return { nodes, minds: fit.minds, fitting: fit.tally(0) };
}

describe('what is kept up to date is what would be built anew', () => {
  const seeds = Array.from({ length: histories }, (_, seed) => seed);

  test('columns of nodes', () => {
    for (const seed of seeds) {
      const history = new History(seed);
      for (let step = 0; step < 5; step++) {
        history.happen(6);
        expect(columnsByNode(history.cluster), `seed ${seed}`).toEqual(columnsByNode(history.rebuilt()));
      }
    }
  });

  test('sums of Pods by topology domain', () => {
    for (const seed of seeds) {
      const history = new History(seed);
      for (let step = 0; step < 8; step++) {
        history.happen(8);
        expect(sumsByDomain(history.cluster), `seed ${seed}`).toEqual(sumsByDomain(history.rebuilt()));
      }
    }
  });

  test('verdicts and scores of a class of Pods', () => {
    for (const seed of seeds) {
      const history = new History(seed);
      const pod = history.anyPod();
      const failures = new FailureTable();
      const kept = new FitClass(pod, history.cluster, failures, () => {});
      for (let step = 0; step < 5; step++) {
        history.happen(6);
        const rebuilt = history.rebuilt();
        const others = new FailureTable();
        const anew = new FitClass(pod, rebuilt, others, () => {});
        expect(verdictsByNode(history.cluster, kept, failures), `seed ${seed}`).toEqual(
          verdictsByNode(rebuilt, anew, others),
        );
      }
    }
  });

  test('columns that begin anew when they are crowded', () => {
    const history = new History(1);
    history.happen(40);
    const before = columnsByNode(history.cluster);
    const { columns } = history.cluster;
    for (let i = 0; i < 300; i++) columns.label(`key-${i}`);
    history.cluster.tidy();
    expect(history.cluster.columns).not.toBe(columns);
    expect(columnsByNode(history.cluster)).toEqual(before);
  });
});

describe('what one change costs a class of Pods', () => {
  test.each([150, 15_000])('one look at one node, of %i nodes', (count) => {
    const cluster = new ClusterState(facts);
    const objects = new RandomObjects(createSeededRandom(1));
    for (let i = 0; i < count; i++) cluster.setNode(objects.node(`node-${i}`));
    let looks = 0;
    const fit = new FitClass(podInfo(objects.pod()), cluster, new FailureTable(), () => looks++);
    fit.sync();
    expect(looks).toBe(count);
    fit.sync();
    cluster.add(podInfo(objects.pod()), 'node-7');
    fit.sync();
    expect(looks).toBe(count + 1);
  });

  test('nothing for a heartbeat', () => {
    const cluster = new ClusterState(facts);
    const node = new RandomObjects(createSeededRandom(1)).node('node-1');
    cluster.setNode(node);
    const { end } = cluster.columns.changes;
    const beat = { ...node, status: { ...node.status, conditions: [{ type: 'Ready', status: 'True' as const }] } };
    cluster.setNode(beat);
    expect(cluster.columns.changes.end).toBe(end);
    expect(cluster.node('node-1')?.node).toBe(beat);
  });
});
