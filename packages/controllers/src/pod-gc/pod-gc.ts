import { isNotFound, keyOf, Node, Pod, type Stored, timestamp } from '@orrery/api';
import { aborted, type ControllerContext, errorText, fromAbort } from '@orrery/core';
import { takeUntil } from 'rxjs';
import { podsByNode } from '../node-lifecycle/pods-by-node.ts';
import { isTerminal } from '../workload/pod-state.ts';
import { excessTerminated, terminatedThreshold } from './candidates.ts';

/** How often leftovers are looked for. */
const period = 20_000;
/** A node must be missing for so long before its Pods are given up. */
const quarantine = 40_000;
const outOfServiceTaint = 'node.kubernetes.io/out-of-service';

/** The running Pod garbage collector: deletes Pods that no other loop will end. */
export class PodGarbageCollector {
  readonly #context: ControllerContext;
  readonly #actor: string;
  /** Node that does not exist but has Pods → since when it is known to be missing. */
  readonly #missing = new Map<string, number>();
  readonly #terminated = new Map<string, Stored<Pod>>();
  /** Pods that are being deleted. */
  readonly #terminating = new Map<string, Stored<Pod>>();
  #timer: Disposable | undefined;
  #running: Promise<void> | undefined;

  constructor(context: ControllerContext, actor: string) {
    this.#context = context;
    this.#actor = actor;
  }

  async run(): Promise<void> {
    const { cache, signal } = this.#context;
    const stop = fromAbort(signal);
    cache
      .changes(Node)
      .pipe(takeUntil(stop))
      .subscribe(({ type, object }) => {
        const { name } = object.metadata;
        if (type !== 'deleted') this.#missing.delete(name);
        else if (cache.count(podsByNode.at(name)) > 0) this.#miss(name);
      });
    cache
      .changes(Pod, { replay: true })
      .pipe(takeUntil(stop))
      .subscribe(({ type, object }) => this.#podChanged(object, type === 'deleted'));
    await aborted(signal);
    this.#timer?.[Symbol.dispose]();
    await this.#running;
  }

  #podChanged(pod: Stored<Pod>, gone: boolean): void {
    const { uid, deletionTimestamp } = pod.metadata;
    if (!gone && isTerminal(pod)) this.#terminated.set(uid, pod);
    else this.#terminated.delete(uid);
    if (!gone && deletionTimestamp !== undefined) this.#terminating.set(uid, pod);
    else this.#terminating.delete(uid);
    const node = pod.spec.nodeName ?? '';
    if (!gone && node !== '' && this.#context.cache.get(Node, node) === undefined) this.#miss(node);
    this.#arm();
  }

  #miss(node: string): void {
    if (!this.#missing.has(node)) this.#missing.set(node, this.#context.clock.monotonic());
    this.#arm();
  }

  /** Nothing to look for means no timer: an idle cluster stays idle. */
  #arm(): void {
    const isNeeded =
      this.#missing.size > 0 || this.#terminating.size > 0 || this.#terminated.size > terminatedThreshold;
    if (!isNeeded || this.#timer !== undefined) return;
    this.#timer = this.#context.clock.schedule(period, () => {
      this.#timer = undefined;
      if (this.#context.signal.aborted) return;
      this.#running = this.#collect().finally(() => {
        this.#running = undefined;
        if (!this.#context.signal.aborted) this.#arm();
      });
    });
  }

  async #collect(): Promise<void> {
    const { work, log } = this.#context;
    await work.turn(this.#actor);
    try {
      await this.#endLeftovers();
    } catch (error) {
      // The next look tries again.
      log.error('leftover Pods not looked for', { error: errorText(error) });
    }
  }

  async #endLeftovers(): Promise<void> {
    const { cache, clock } = this.#context;
    for (const pod of this.#terminating.values()) {
      const node = pod.spec.nodeName ?? '';
      if (node === '') await this.#end(pod, undefined);
      else if (isOutOfService(cache.get(Node, node))) await this.#end(pod, undefined);
    }
    if (this.#terminated.size > terminatedThreshold) {
      for (const pod of excessTerminated([...this.#terminated.values()])) await this.#end(pod, undefined);
    }
    for (const [node, since] of [...this.#missing]) {
      const pods = cache.list(podsByNode.at(node));
      if (pods.length === 0) this.#missing.delete(node);
      else if (clock.monotonic() >= since + quarantine && (await this.#isMissing(node))) {
        for (const pod of pods) await this.#end(pod, 'PodGC: node no longer exists');
      }
    }
  }

  /** The API server is asked before Pods are given up: the cache may lag. */
  async #isMissing(node: string): Promise<boolean> {
    try {
      await this.#context.client.get(Node, node);
      return false;
    } catch (error) {
      if (isNotFound(error)) return true;
      throw error;
    }
  }

  /** A Pod that has not ended is marked as failed; then it is deleted without grace. */
  async #end(pod: Stored<Pod>, disruption: string | undefined): Promise<void> {
    const { client, clock, log } = this.#context;
    const { uid } = pod.metadata;
    try {
      if (!isTerminal(pod)) {
        const condition = {
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'DeletionByPodGC',
          message: disruption,
          lastTransitionTime: timestamp(clock.now()),
        };
        const conditions = disruption === undefined ? {} : { conditions: [condition] };
        const patch = { metadata: { uid }, status: { phase: 'Failed', ...conditions } };
        await client.patch(Pod, keyOf(pod), { type: 'strategic', patch }, { subresource: 'status' });
      }
      await client.delete(Pod, keyOf(pod), { gracePeriodSeconds: 0, preconditions: { uid } });
      log.info('deleted a Pod that nobody ends', { pod: `${pod.metadata.namespace}/${pod.metadata.name}` });
    } catch (error) {
      // What could not be deleted now is met again at the next look.
      if (!isNotFound(error)) log.warn('Pod not deleted', { pod: pod.metadata.name, error: errorText(error) });
    }
  }
}

/** A node that an administrator has declared dead (Kubernetes "Non-graceful node shutdown"). */
function isOutOfService(node: Stored<Node> | undefined): boolean {
  const isReady = node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
  return isReady === false && node?.spec?.taints?.some(({ key }) => key === outOfServiceTaint) === true;
}
