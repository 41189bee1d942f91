import type { Clock } from '@orrery/core';
import { hasStorageLimits, storageEviction } from '../node/eviction.ts';
import { isCritical } from '../node/preemption.ts';
import type { KubeletSettings } from '../options.ts';
import { hasMoved, type PodRecord } from './pod-record.ts';
import type { PodVerdict } from './pod-status.ts';
import { readPodUse } from './pod-usage.ts';

/** Who hears of what a {@link PodWatch} sees. */
export interface PodWatchers {
  /** The runtime says something else of the Pod than before. */
  moved(record: PodRecord): void;
  /** The Pod stores more than it may. */
  evict(record: PodRecord, verdict: PodVerdict): void;
  /** What the Pod stores could not be found out; it is asked again next time. */
  failed(record: PodRecord, error: unknown): void;
}

/**
 * Looks at each Pod from time to time, for what no event told of. It says nothing as long as the runtime says what it said
 * before.
 */
export class PodWatch {
  readonly #settings: KubeletSettings;
  readonly #clock: Clock;
  readonly #watchers: PodWatchers;
  readonly #timers = new Map<string, Disposable>();

  constructor(settings: KubeletSettings, clock: Clock, watchers: PodWatchers) {
    this.#settings = settings;
    this.#clock = clock;
    this.#watchers = watchers;
  }

  /** Goes on looking at the Pod until told to stop. */
  start(record: PodRecord): void {
    if (this.#timers.has(record.uid)) return;
    const { runtime, storageCheckPeriod, syncPeriod } = this.#settings;
    const limited = record.pod !== undefined && hasStorageLimits(record.pod);
    const period = limited ? Math.min(storageCheckPeriod, syncPeriod) : syncPeriod;
    const look = (): void | Promise<void> => {
      this.#timers.set(record.uid, this.#clock.schedule(period, look));
      if (hasMoved(runtime, record)) this.#watchers.moved(record);
      if (limited) return this.#checkStorage(record).catch((error: unknown) => this.#watchers.failed(record, error));
    };
    this.#timers.set(record.uid, this.#clock.schedule(period, look));
  }

  stop(podUid: string): void {
    this.#timers.get(podUid)?.[Symbol.dispose]();
    this.#timers.delete(podUid);
  }

  stopAll(): void {
    for (const timer of this.#timers.values()) timer[Symbol.dispose]();
    this.#timers.clear();
  }

  async #checkStorage(record: PodRecord): Promise<void> {
    const { pod } = record;
    if (pod === undefined || !this.#isRunning(record) || isCritical(pod)) return;
    const verdict = storageEviction(await readPodUse(this.#settings.runtime, record, pod));
    if (verdict !== undefined && this.#isRunning(record)) this.#watchers.evict(record, verdict);
  }

  #isRunning(record: PodRecord): boolean {
    return record.verdict === undefined && record.stage === 'running' && this.#timers.has(record.uid);
  }
}
