import { Node } from '@orrery/api';
import { type ControllerContext, errorText, type Milliseconds } from '@orrery/core';
import type { NodeUsage } from '@orrery/runtimes';
import type { ObservedPod } from '../containers/observed.ts';
import { within } from '../containers/time-limit.ts';
import type { KubeletSettings } from '../options.ts';
import type { PodRecord } from '../pod/pod-records.ts';
import type { PodVerdict } from '../pod/pod-status.ts';
import { readPodUse } from '../pod/pod-usage.ts';
import { pressureEviction } from './eviction.ts';
import { type PodUse, rankForEviction } from './eviction-rank.ts';
import {
  available,
  evictionThresholds,
  type LastSeen,
  metThresholds,
  neverSeen,
  pressureSeen,
  type Threshold,
} from './eviction-thresholds.ts';
import type { NodeHealth } from './node-health.ts';
import { isCritical } from './preemption.ts';

/** How long the eviction of a Pod may take before an event says that it takes too long. */
const killTimeout: Milliseconds = 10_000;
/** How much longer the eviction is then waited for before the next Pod is evicted. */
const cleanupTimeout: Milliseconds = 30_000;

/** The Pods of a node, as far as they can be made to leave it. */
export interface EvictablePods {
  active(): readonly PodRecord[];
  /** Whether the Pod has to stop already. */
  isEnding(record: PodRecord): boolean;
  observed(record: PodRecord): ObservedPod;
  /** Removes the remains of Pods that have ended. */
  removeDead(): Promise<void>;
  /** Bytes of all emptyDirs that are kept in memory. */
  memoryVolumeBytes(): number;
  end(record: PodRecord, verdict: PodVerdict, event: 'Warning'): Promise<void>;
}

/** A Pod that has to leave, and what becomes of it. */
interface Victim {
  readonly record: PodRecord;
  readonly verdict: PodVerdict;
}

/**
 * Keeps a node from running out of memory, storage or processes (Kubernetes "Node-pressure Eviction"): it records
 * pressure in the node's health, and evicts one Pod after the other until there is enough again. A look at a node that has
 * enough compares a handful of numbers.
 */
export class PressureWatch {
  readonly #settings: KubeletSettings;
  readonly #context: ControllerContext;
  readonly #health: NodeHealth;
  readonly #pods: EvictablePods;
  readonly #thresholds: readonly Threshold[];
  #seen: LastSeen = neverSeen;
  /** Something is being reclaimed, or a Pod is being evicted: nothing else has to go meanwhile. */
  #reclaiming = false;

  constructor(settings: KubeletSettings, context: ControllerContext, health: NodeHealth, pods: EvictablePods) {
    this.#settings = settings;
    this.#context = context;
    this.#health = health;
    this.#pods = pods;
    this.#thresholds = evictionThresholds(settings.evictionHard, settings.capacity);
  }

  /** One look at what is used of the node. */
  look(): void | Promise<void> {
    if (this.#reclaiming) return;
    const usage = this.#settings.runtime.nodeUsage?.();
    if (usage === undefined) return;
    const done = usage instanceof Promise ? usage.then((now) => this.#judge(now)) : this.#judge(usage);
    return done?.catch((error: unknown) => {
      // The next look may succeed.
      if (this.#context.signal.aborted) return;
      this.#context.log.warn('it could not be found out what the node is short of', { error: errorText(error) });
    });
  }

  #judge(usage: NodeUsage): void | Promise<void> {
    const met = metThresholds(this.#thresholds, this.#withMemoryVolumes(usage));
    if (met.length === 0 && this.#seen === neverSeen) return;
    const now = this.#context.clock.now();
    this.#seen = pressureSeen(this.#seen, met, now, this.#settings.evictionPressureTransitionPeriod);
    const { pressure } = this.#health;
    const conditions = [...this.#seen.keys()];
    if (conditions.length !== pressure.length || conditions.some((one, at) => one !== pressure[at])) {
      this.#health.pressure = conditions;
    }
    const [first] = met;
    if (first !== undefined && !this.#reclaiming) return this.#reclaim(first, usage);
  }

  /** What an emptyDir in memory holds is memory, although it looks like files. */
  #withMemoryVolumes(usage: NodeUsage): NodeUsage {
    const bytes = this.#pods.memoryVolumeBytes();
    if (bytes === 0) return usage;
    return { ...usage, memoryBytes: usage.memoryBytes + bytes, storageBytes: usage.storageBytes - bytes };
  }

  async #reclaim(threshold: Threshold, usage: NodeUsage): Promise<void> {
    this.#reclaiming = true;
    let victim: Victim | undefined;
    try {
      victim = await this.#choose(threshold, usage);
    } finally {
      if (victim === undefined) this.#reclaiming = false;
    }
    // Not awaited: the node keeps reporting meanwhile.
    if (victim !== undefined) {
      this.#evict(victim).catch((error: unknown) => {
        if (!this.#context.signal.aborted)
          this.#context.log.error('pod could not be evicted', { error: errorText(error) });
      });
    }
  }

  /** The Pod that has to leave; undefined if there is none, or if there is enough without that. */
  async #choose(threshold: Threshold, usage: NodeUsage): Promise<Victim | undefined> {
    const { runtime, nodeName } = this.#settings;
    const { cache, events, log } = this.#context;
    const { resource, quantity } = threshold;
    const shortage = {
      resource,
      quantity,
      available: Math.max(available(threshold, this.#withMemoryVolumes(usage)), 0),
    };
    const node = cache.get(Node, nodeName);
    if (node !== undefined) events.event(node, 'Warning', 'EvictionThresholdMet', `Attempting to reclaim ${resource}`);
    if (threshold.condition === 'DiskPressure' && (await this.#tidy())) return undefined;
    const uses: PodUse[] = [];
    const records = new Map<PodUse, PodRecord>();
    for (const record of this.#pods.active()) {
      if (record.pod === undefined || this.#pods.isEnding(record) || isCritical(record.pod)) continue;
      const use = await readPodUse(runtime, record.pod, this.#pods.observed(record));
      uses.push(use);
      records.set(use, record);
    }
    if (this.#context.signal.aborted) return undefined;
    const [use] = rankForEviction(resource, uses);
    const record = use && records.get(use);
    if (use === undefined || record === undefined) {
      log.warn('the node is short of something, and no pod can be evicted', { resource });
      return undefined;
    }
    return { record, verdict: pressureEviction(shortage, use) };
  }

  /** Removes unused containers of ended Pods, then unused images. Returns whether that was enough. */
  async #tidy(): Promise<boolean> {
    const { runtime } = this.#settings;
    if (runtime.nodeUsage === undefined) return false;
    await this.#pods.removeDead();
    const used = new Set((await runtime.listContainers()).map(({ imageRef }) => imageRef));
    for (const { imageRef } of await runtime.listImages()) {
      if (!used.has(imageRef)) await runtime.removeImage?.(imageRef);
    }
    return metThresholds(this.#thresholds, this.#withMemoryVolumes(await runtime.nodeUsage())).length === 0;
  }

  /** Has a Pod leave and looks again as soon as it is gone: the next has to leave only if that was not enough. */
  async #evict({ record, verdict }: Victim): Promise<void> {
    const { clock, events, signal } = this.#context;
    const ended = this.#pods.end(record, verdict, 'Warning');
    try {
      if (!(await within(clock, killTimeout, ended, signal))) {
        if (signal.aborted) return;
        const message = 'Container runtime did not kill the pod within specified grace period.';
        if (record.pod !== undefined) events.event(record.pod, 'Warning', 'ExceededGracePeriod', message);
        await within(clock, cleanupTimeout, ended, signal);
      }
    } finally {
      this.#reclaiming = false;
    }
    if (!signal.aborted) await this.look();
  }
}
