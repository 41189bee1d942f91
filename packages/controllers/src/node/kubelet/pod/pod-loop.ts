import type { Pod, Stored } from '@orrery/api';
import {
  type ControllerContext,
  createWorkQueue,
  errorText,
  fromAbort,
  type Milliseconds,
  type ReconcileResult,
  type WorkQueue,
} from '@orrery/core';
import { collectGarbage } from '../containers/container-gc.ts';
import type { ObservedPod } from '../containers/observed.ts';
import type { NodeHealth } from '../node/node-health.ts';
import { preempted } from '../node/preemption.ts';
import { lacksNetwork } from '../node/runtime-state.ts';
import type { KubeletSettings } from '../options.ts';
import { activeDeadline, deadlineExceeded } from './active-deadline.ts';
import { type PodParts, podParts } from './pod-parts.ts';
import { isTerminal } from './pod-phase.ts';
import { type PodRecord, podKey } from './pod-records.ts';
import type { PodVerdict } from './pod-status.ts';
import { jittered, retryPace } from './retry-pace.ts';

/** How soon at the earliest a Pod that waits for the node's network is tried again. */
const networkPace: Milliseconds = 1000;
/** How often a critical Pod looks whether others have made room for it. */
const roomPace: Milliseconds = 1000;
/** More Pods than this wait for each other; a Pod's pull or grace period holds only its own place. */
const concurrency = 1024;

/**
 * The loop over a node's Pods: one worker per Pod, woken by events of the API, the runtime, probes, volumes and timers. What is
 * known of a Pod belongs to the loop's parts: {@link podParts} says which part owns what.
 */
export class PodLoop {
  readonly #settings: KubeletSettings;
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;
  readonly #parts: PodParts;

  constructor(settings: KubeletSettings, context: ControllerContext, health: NodeHealth) {
    this.#settings = settings;
    this.#context = context;
    this.#queue = createWorkQueue({
      environment: context,
      actor: `kubelet-${settings.nodeName}`,
      concurrency,
      process: (uid) => this.#process(uid),
    });
    this.#parts = podParts(settings, context, health, this.#queue);
  }

  /** Finds what runs, then listens. Ends when the context's signal is aborted. */
  async start(): Promise<void> {
    await this.#parts.sources.start();
    fromAbort(this.#context.signal).subscribe(() => {
      this.#parts.watch.stopAll();
      this.#parts.prober.stop();
      void this.#queue.stop();
    });
  }

  /** The record of a Pod that this node knows. */
  record(uid: string): PodRecord | undefined {
    return this.#parts.records.get(uid);
  }

  /** Asks the runtime what it now has of the Pod. */
  refresh(record: PodRecord): Promise<ObservedPod> {
    return this.#parts.view.refresh(record);
  }

  /** Pods that the node has taken and that have not ended. */
  active(): readonly PodRecord[] {
    return this.#parts.admission.active();
  }

  /** Whether the Pod has to stop already. */
  isEnding(record: PodRecord): boolean {
    return this.#parts.ends.signal(record).aborted;
  }

  /** What the runtime said of the Pod when it was last asked. */
  observed(record: PodRecord): ObservedPod {
    return this.#parts.view.observed(record);
  }

  /** Removes the remains of Pods that have ended: their writable layers and logs. */
  async removeDead(): Promise<void> {
    for (const record of this.#parts.records.all()) {
      if (this.#parts.ends.stage(record) === 'terminated') await this.#parts.view.removeAll(record);
    }
  }

  /** Bytes of all emptyDirs that are kept in memory. */
  memoryVolumeBytes(): number {
    return this.#parts.admission.memoryVolumeBytes();
  }

  /** Has a Pod leave the node: see {@link PodTerminator.end}. */
  end(record: PodRecord, verdict: PodVerdict, event?: 'Normal' | 'Warning'): Promise<void> {
    return this.#parts.terminator.end(record, verdict, event);
  }

  async #process(uid: string): Promise<ReconcileResult | void> {
    const { clock, log, signal } = this.#context;
    const record = this.#parts.records.get(uid);
    if (record === undefined || signal.aborted) return;
    try {
      const again = await this.#sync(record);
      const wait = again - clock.now();
      if (Number.isFinite(wait)) return { requeueAfter: Math.max(wait, 0) };
    } catch (error) {
      if (signal.aborted) return;
      // The worker's task was abandoned because the Pod has to end, which comes next.
      if (error === this.#parts.ends.signal(record).reason) return { requeueAfter: 0 };
      const pod = record.pod === undefined ? uid : podKey(record.pod);
      log.error('pod could not be synced', { pod, error: errorText(error) });
      return { requeueAfter: jittered(retryPace, this.#parts.random) };
    }
  }

  /** Returns when to come again, in milliseconds since the epoch. */
  async #sync(record: PodRecord): Promise<Milliseconds> {
    const { random, view, ends, observer, admission, statuses, starter, terminator, watch } = this.#parts;
    const { clock, events } = this.#context;
    if (ends.stage(record) === 'terminated') return terminator.finish(record);
    await observer.observe(record);
    const { pod } = record;
    if (pod === undefined || record.gone) return terminator.terminate(record);
    if (!this.#admit(record, pod)) return clock.now() + roomPace;
    if (this.#hasToEnd(record, pod)) return terminator.terminate(record);
    admission.resize(record, pod);
    const status = statuses.compute(record, pod);
    void statuses.publish(record);
    if (isTerminal(status.phase)) return terminator.terminate(record);
    if (await lacksNetwork(pod, this.#settings.runtime, events)) {
      return clock.now() + jittered(networkPace, random);
    }
    const again = await starter.sync(record, admission.allotted(record, pod));
    await collectGarbage(view, record);
    watch.start(record);
    return Math.min(again, activeDeadline(pod, status) ?? Number.POSITIVE_INFINITY);
  }

  /** Whether the node has decided on the Pod; false while others make room for it. */
  #admit(record: PodRecord, pod: Stored<Pod>): boolean {
    const admission = this.#parts.admission.admit(record, pod);
    switch (admission.type) {
      case 'settled':
        return true;
      case 'refused':
        this.#parts.terminator.condemn(record, pod, admission.verdict);
        return true;
      case 'waiting':
        for (const victim of admission.victims) void this.#parts.terminator.end(victim, preempted, 'Warning');
        return false;
    }
  }

  /** Whether the Pod is over, for whatever reason. */
  #hasToEnd(record: PodRecord, pod: Stored<Pod>): boolean {
    if (this.#parts.ends.verdict(record) !== undefined || isTerminal(pod.status?.phase)) return true;
    const deadline = activeDeadline(pod, pod.status) ?? Number.POSITIVE_INFINITY;
    if (deadline <= this.#context.clock.now()) {
      this.#parts.terminator.condemn(record, pod, deadlineExceeded, 'Normal');
      return true;
    }
    return pod.metadata.deletionTimestamp !== undefined;
  }
}
