import { controllerOf, DaemonSet, Node, Pod, type PodSpec, type Stored } from '@orrery/api';
import { type Cache, defineIndex, type Milliseconds, ownedBy } from '@orrery/core';
import { targetNode } from './daemon-pod.ts';
import { daemonPodSpec, eligibility } from './eligibility.ts';
import type { Failures } from './failure-back-off.ts';
import { nodeReport } from './node-report.ts';
import { NodeTally } from './node-tally.ts';
import { allowsSurge } from './rollout.ts';

/** Pods of DaemonSets by owner and by the node that they are on or meant for (see {@link onNode}). */
export const daemonPods = defineIndex(Pod, (pod) => {
  const owner = controllerOf(pod);
  return owner?.kind === DaemonSet.kind ? [onNode(owner.uid, targetNode(pod) ?? nowhere)] : [];
});

/** Of Pods that are meant for no node. */
export const nowhere = '';

/** The value under which {@link daemonPods} has a DaemonSet's Pods of a node. */
export function onNode(uid: string, node: string): string {
  return `${uid} ${node}`;
}

/**
 * What one DaemonSet knows of the nodes. Only nodes that changed since the last look are looked at again, and all of them if the
 * set's spec or its revision changed.
 */
export class DaemonNodes {
  readonly uid: string;
  #spec: Stored<DaemonSet>['spec'] | undefined;
  #hash = '';
  #podSpec: PodSpec = { containers: [] };
  #tally = new NodeTally();
  readonly #changed = new Set<string>();
  /** Nodes to look at again at a time, latest first. */
  readonly #due: { readonly at: Milliseconds; readonly node: string }[] = [];
  /** Failed Pods that were deleted, by node. */
  readonly failures = new Map<string, Failures>();

  constructor(uid: string) {
    this.uid = uid;
  }

  get tally(): NodeTally {
    return this.#tally;
  }

  /** Something has changed about a node or the set's Pods there. */
  note(node: string): void {
    this.#changed.add(node);
  }

  /** A node is to be looked at again at this time. */
  noteAt(node: string, at: Milliseconds): void {
    let index = this.#due.length;
    while (index > 0 && (this.#due[index - 1]?.at ?? 0) < at) index--;
    for (let same = index; this.#due[same - 1]?.at === at; same--) if (this.#due[same - 1]?.node === node) return;
    this.#due.splice(index, 0, { at, node });
  }

  /** Milliseconds until a node is to be looked at again; undefined when none is. */
  untilDue(now: Milliseconds): Milliseconds | undefined {
    const next = this.#due.at(-1);
    return next === undefined ? undefined : Math.max(0, next.at - now);
  }

  /** Nodes that will be looked at by the next {@link update}. */
  changedNodes(cache: Cache, set: Stored<DaemonSet>): Iterable<string> {
    if (this.#spec !== set.spec) this.#noteAll(cache, set);
    return this.#changed;
  }

  /** Brings the tally up to date. */
  update(cache: Cache, set: Stored<DaemonSet>, hash: string, now: Milliseconds): void {
    if (this.#spec !== set.spec || this.#hash !== hash) {
      this.#noteAll(cache, set);
      this.#tally = new NodeTally();
      this.#spec = set.spec;
      this.#hash = hash;
      this.#podSpec = daemonPodSpec(set.spec.template.spec ?? { containers: [] });
    }
    for (let due = this.#due.at(-1); due !== undefined && due.at <= now; due = this.#due.at(-1)) {
      this.#due.pop();
      this.#changed.add(due.node);
    }
    for (const name of this.#changed) this.#report(cache, set, name, now);
    this.#changed.clear();
  }

  #noteAll(cache: Cache, set: Stored<DaemonSet>): void {
    for (const { metadata } of cache.list(Node)) this.#changed.add(metadata.name);
    for (const pod of cache.list(ownedBy(Pod, set.metadata.uid), { namespace: set.metadata.namespace ?? '' })) {
      this.#changed.add(targetNode(pod) ?? nowhere);
    }
  }

  #report(cache: Cache, set: Stored<DaemonSet>, name: string, now: Milliseconds): void {
    if (name === nowhere) return;
    const node = cache.get(Node, { namespace: '', name });
    const pods = cache.list(daemonPods.at(onNode(this.uid, name)));
    if (node === undefined && pods.length === 0) {
      this.#tally.set(name, undefined);
      this.failures.delete(name);
      return;
    }
    const report = nodeReport({
      set,
      hash: this.#hash,
      surges: allowsSurge(set),
      eligibility: node === undefined ? undefined : eligibility(this.#podSpec, node),
      pods,
      now,
    });
    this.#tally.set(name, report);
    if (report.availableAt !== undefined) this.noteAt(name, report.availableAt);
  }
}
