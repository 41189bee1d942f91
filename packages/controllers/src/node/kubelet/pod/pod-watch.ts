import { type ControllerContext, errorText, type WorkQueue } from '@orrery/core';
import { type Observable, Subject } from 'rxjs';
import type { RuntimeView } from '../containers/runtime-view.ts';
import { hasStorageLimits, storageEviction } from '../node/eviction.ts';
import { isCritical } from '../node/preemption.ts';
import type { KubeletSettings } from '../options.ts';
import type { PodEnds } from './pod-endings.ts';
import type { PodRecord } from './pod-records.ts';
import type { PodVerdict } from './pod-status.ts';
import { readPodUse } from './pod-usage.ts';

/** What watching Pods needs. */
export interface WatchParts {
  readonly settings: KubeletSettings;
  readonly context: ControllerContext;
  readonly queue: WorkQueue;
  readonly view: RuntimeView;
  readonly ends: PodEnds;
}

/** A Pod that has to leave its node, and why. */
export interface Eviction {
  readonly record: PodRecord;
  readonly verdict: PodVerdict;
}

/**
 * Looks at each Pod from time to time, for what no event reported: it wakes the Pod's worker when the runtime says something else
 * than before, and finds the Pods that store more than they may.
 */
export class PodWatch {
  readonly #parts: WatchParts;
  readonly #timers = new Map<string, Disposable>();
  readonly #evictions = new Subject<Eviction>();

  /** Pods that store more than they may. */
  readonly evictions: Observable<Eviction> = this.#evictions.asObservable();

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  /** Goes on looking at the Pod until {@link stop}. */
  start(record: PodRecord): void {
    const { uid, pod } = record;
    if (this.#timers.has(uid)) return;
    const { settings, context, queue, view } = this.#parts;
    const { storageCheckPeriod, syncPeriod } = settings;
    const limited = pod !== undefined && hasStorageLimits(pod);
    const period = limited ? Math.min(storageCheckPeriod, syncPeriod) : syncPeriod;
    const look = (): void | Promise<void> => {
      this.#timers.set(uid, context.clock.schedule(period, look));
      if (view.hasMoved(record)) queue.add(uid, { type: 'resync', key: uid });
      if (limited) return this.#checkStorage(record);
    };
    this.#timers.set(uid, context.clock.schedule(period, look));
  }

  stop({ uid }: PodRecord): void {
    this.#timers.get(uid)?.[Symbol.dispose]();
    this.#timers.delete(uid);
  }

  stopAll(): void {
    for (const timer of this.#timers.values()) timer[Symbol.dispose]();
    this.#timers.clear();
  }

  async #checkStorage(record: PodRecord): Promise<void> {
    const { uid, pod } = record;
    if (pod === undefined || !this.#isRunning(record) || isCritical(pod)) return;
    const { settings, context, view } = this.#parts;
    try {
      const verdict = storageEviction(await readPodUse(settings.runtime, pod, view.observed(record)));
      if (verdict !== undefined && this.#isRunning(record)) this.#evictions.next({ record, verdict });
    } catch (error) {
      // It is looked at again next time.
      context.log.warn('storage of pod could not be checked', { uid, error: errorText(error) });
    }
  }

  #isRunning(record: PodRecord): boolean {
    const { ends } = this.#parts;
    return ends.verdict(record) === undefined && ends.stage(record) === 'running' && this.#timers.has(record.uid);
  }
}
