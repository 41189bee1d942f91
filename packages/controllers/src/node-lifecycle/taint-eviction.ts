import { isNotFound, keyOf, Node, Pod, type Stored, type Taint, timestamp } from '@orrery/api';
import { aborted, type ControllerContext, createWorkQueue, fromAbort, type WorkQueue } from '@orrery/core';
import { takeUntil } from 'rxjs';
import { isTerminal } from '../workload/pod-state.ts';
import { podsByNode } from './pods-by-node.ts';
import { tolerationTime } from './toleration-time.ts';

interface Scheduled {
  readonly timer: Disposable;
  /** When the Pod began to be counted, in milliseconds since the epoch. */
  readonly since: number;
  readonly due: number;
}

/** The running taint manager: Pods leave nodes whose NoExecute taints they do not tolerate, or no longer. */
export class TaintEviction {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;
  /** Pod uid → its pending eviction. */
  readonly #scheduled = new Map<string, Scheduled>();
  /** Node → its NoExecute taints; nodes without any are not here. */
  readonly #tainted = new Map<string, readonly Taint[]>();

  constructor(context: ControllerContext, actor: string) {
    this.#context = context;
    this.#queue = createWorkQueue({
      environment: context,
      actor,
      concurrency: 8,
      process: (key) => this.#evict(key),
    });
  }

  async run(): Promise<void> {
    const { cache, signal } = this.#context;
    const stop = fromAbort(signal);
    cache
      .changes(Node, { replay: true })
      .pipe(takeUntil(stop))
      .subscribe(({ type, object }) => this.#nodeChanged(object, type === 'deleted'));
    cache
      .changes(Pod, { replay: true })
      .pipe(takeUntil(stop))
      .subscribe(({ type, object, previous }) => {
        if (type === 'deleted') this.#forget(object);
        else if (previous === undefined || previous.spec !== object.spec) this.#podChanged(object);
      });
    await aborted(signal);
    for (const { timer } of this.#scheduled.values()) timer[Symbol.dispose]();
    await this.#queue.stop();
  }

  #nodeChanged(node: Stored<Node>, gone: boolean): void {
    const { name } = node.metadata;
    const taints = gone ? [] : (node.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
    if (taints.length === 0 && !this.#tainted.has(name)) return;
    if (taints.length === 0) this.#tainted.delete(name);
    else this.#tainted.set(name, taints);
    for (const pod of this.#context.cache.list(podsByNode.at(name))) this.#podChanged(pod);
  }

  #podChanged(pod: Stored<Pod>): void {
    const taints = this.#tainted.get(pod.spec.nodeName ?? '');
    const { uid, deletionTimestamp } = pod.metadata;
    if (taints === undefined || deletionTimestamp !== undefined || isTerminal(pod)) {
      this.#cancel(pod);
      return;
    }
    const time = tolerationTime(pod, taints);
    if (time === Number.POSITIVE_INFINITY) {
      this.#cancel(pod);
      return;
    }
    const { clock } = this.#context;
    const now = clock.now();
    const before = this.#scheduled.get(uid);
    const since = before?.since ?? now;
    const due = since + time;
    if (before !== undefined && before.due <= due) return;
    before?.timer[Symbol.dispose]();
    const timer = clock.schedule(Math.max(0, due - now), () => {
      this.#queue.add(`${pod.metadata.namespace}/${pod.metadata.name}`, { type: 'timer' });
    });
    this.#scheduled.set(uid, { timer, since, due });
  }

  #cancel(pod: Stored<Pod>): void {
    const scheduled = this.#scheduled.get(pod.metadata.uid);
    if (scheduled === undefined) return;
    this.#forget(pod);
    if (pod.metadata.deletionTimestamp !== undefined) return;
    const { namespace, name } = pod.metadata;
    const message = `Cancelling deletion of Pod ${namespace}/${name}`;
    this.#context.events.event(pod, 'Normal', 'TaintManagerEviction', message);
  }

  #forget({ metadata }: Stored<Pod>): void {
    this.#scheduled.get(metadata.uid)?.timer[Symbol.dispose]();
    this.#scheduled.delete(metadata.uid);
  }

  async #evict(key: string): Promise<void> {
    const { cache, client, clock, events } = this.#context;
    const pod = cache.get(Pod, key);
    if (pod === undefined || !this.#scheduled.has(pod.metadata.uid)) return;
    events.event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${key}`);
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
      lastTransitionTime: timestamp(clock.now()),
    };
    const { uid } = pod.metadata;
    try {
      const patch = { metadata: { uid }, status: { conditions: [condition] } };
      await client.patch(Pod, keyOf(pod), { type: 'strategic', patch }, { subresource: 'status' });
      await client.delete(Pod, keyOf(pod), { preconditions: { uid } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    this.#forget(pod);
  }
}
