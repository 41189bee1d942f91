import type { DaemonSet, Pod, Stored } from '@orrery/api';
import type { ReconcileContext } from '@orrery/core';
import { type PodControl, podControl } from '../workload/pod-control.ts';
import { slowStart } from '../workload/slow-start.ts';
import type { DaemonNodes } from './daemon-nodes.ts';
import { podForNode, targetNode } from './daemon-pod.ts';
import { afterFailure, keepFor } from './failure-back-off.ts';
import { rolloutLimits, rolloutStep } from './rollout.ts';

/** At most this many Pods are created, and as many deleted, in one go. */
const burst = 250;

/** Creates and deletes the Pods of one DaemonSet, as its nodes are known to need it. */
export class DaemonPods {
  readonly #set: Stored<DaemonSet>;
  readonly #hash: string;
  readonly #nodes: DaemonNodes;
  readonly #context: ReconcileContext;
  readonly #control: PodControl;

  constructor(set: Stored<DaemonSet>, hash: string, nodes: DaemonNodes, context: ReconcileContext) {
    this.#set = set;
    this.#hash = hash;
    this.#nodes = nodes;
    this.#context = context;
    this.#control = podControl(context.client, context.events, set);
  }

  /** Corrects the Pods of nodes that have too few, too many, or ended ones. Returns the first error, if any. */
  async manage(): Promise<unknown> {
    const create: string[] = [];
    const remove: Stored<Pod>[] = [];
    for (const node of this.#nodes.tally.work) {
      const report = this.#nodes.tally.report(node);
      if (report?.create === true) create.push(node);
      remove.push(...(report?.ended ?? []).filter((pod) => this.#isDue(pod, node)), ...(report?.excess ?? []));
    }
    return this.#apply(create, remove);
  }

  /** Makes the next step of a rolling update. @throws what a request throws */
  async roll(): Promise<void> {
    const { tally } = this.#nodes;
    const step = rolloutStep(tally, rolloutLimits(this.#set, tally.counts.desired));
    const error = await this.#apply(step.create, step.remove);
    if (error !== undefined) throw error;
  }

  /** Pods that failed are deleted less and less often, so as not to fight with a kubelet that refuses them. */
  #isDue(pod: Stored<Pod>, node: string): boolean {
    const { events, clock } = this.#context;
    const name = `${pod.metadata.namespace}/${pod.metadata.name}`;
    if (pod.status?.phase === 'Succeeded') {
      const message = `Found succeeded daemon pod ${name} on node ${node}, will try to delete it`;
      events.event(this.#set, 'Normal', 'SucceededDaemonPod', message);
      return true;
    }
    const { failures } = this.#nodes;
    const now = clock.now();
    const generation = this.#set.status?.observedGeneration ?? 0;
    const wait = keepFor(failures.get(node), generation, now);
    if (wait > 0) {
      this.#nodes.noteAt(node, now + wait);
      return false;
    }
    failures.set(node, afterFailure(failures.get(node), generation, now));
    const message = `Found failed daemon pod ${name} on node ${node}, will try to kill it`;
    events.event(this.#set, 'Warning', 'FailedDaemonPod', message);
    return true;
  }

  async #apply(create: readonly string[], remove: readonly Stored<Pod>[]): Promise<unknown> {
    const wanted = create.slice(0, burst);
    const { error } = await slowStart(wanted.length, async (index) => {
      const node = wanted[index] ?? '';
      await this.#control.create(podForNode(this.#set, this.#hash, node));
      this.#nodes.note(node);
    });
    const victims = remove.slice(0, burst);
    const results = await Promise.allSettled(victims.map((pod) => this.#control.delete(pod)));
    for (const pod of victims) this.#nodes.note(targetNode(pod) ?? '');
    return error ?? results.find((result) => result.status === 'rejected')?.reason;
  }
}
