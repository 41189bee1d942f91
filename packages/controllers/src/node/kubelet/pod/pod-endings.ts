import type { Milliseconds } from '@orrery/core';
import { PerPod } from './per-pod.ts';
import type { PodRecord } from './pod-records.ts';
import type { PodVerdict } from './pod-status.ts';

/** `terminating` from when its containers are being stopped, `terminated` when all have been stopped for good. */
export type PodStage = 'running' | 'terminating' | 'terminated';

/** How far Pods are on their way out, for those who only read it. */
export interface PodEnds {
  stage(record: PodRecord): PodStage;
  /** Aborted when the Pod must stop: what its worker is waiting for is not waited for any longer. */
  signal(record: PodRecord): AbortSignal;
  /** Why the node ends the Pod, if it does. */
  verdict(record: PodRecord): PodVerdict | undefined;
}

interface Ending {
  readonly controller: AbortController;
  stage: PodStage;
  verdict: PodVerdict | undefined;
  /** Grace that the running kill was begun with, in milliseconds. */
  grace: Milliseconds | undefined;
  /** Callers of {@link PodEndings.ended}. */
  readonly waiting: (() => void)[];
}

/** How far Pods are on their way out. Only the terminator writes it. */
export class PodEndings implements PodEnds {
  readonly #endings = new PerPod<Ending>(() => ({
    controller: new AbortController(),
    stage: 'running',
    verdict: undefined,
    grace: undefined,
    waiting: [],
  }));

  stage(record: PodRecord): PodStage {
    return this.#endings.of(record).stage;
  }

  signal(record: PodRecord): AbortSignal {
    return this.#endings.of(record).controller.signal;
  }

  verdict(record: PodRecord): PodVerdict | undefined {
    return this.#endings.of(record).verdict;
  }

  /** The Pod must stop, for `verdict` if it is the node that wants it. */
  begin(record: PodRecord, verdict?: PodVerdict): void {
    const ending = this.#endings.of(record);
    if (verdict !== undefined) ending.verdict = verdict;
    ending.controller.abort();
  }

  /** Its containers are being stopped, with that grace in milliseconds. */
  terminate(record: PodRecord, grace: Milliseconds | undefined): void {
    const ending = this.#endings.of(record);
    ending.stage = 'terminating';
    ending.grace = grace;
  }

  /** Shortens the grace of the running kill. False if it is no longer than that already, or nothing is being stopped. */
  shorten(record: PodRecord, grace: Milliseconds): boolean {
    const ending = this.#endings.of(record);
    if (ending.stage !== 'terminating' || ending.grace === undefined || grace >= ending.grace) return false;
    ending.grace = grace;
    return true;
  }

  /** All containers have been stopped for good. */
  terminated(record: PodRecord): void {
    this.#endings.of(record).stage = 'terminated';
  }

  /** Resolves when all of the Pod has stopped and the API knows. */
  ended(record: PodRecord): Promise<void> {
    return new Promise((resolve) => this.#endings.of(record).waiting.push(resolve));
  }

  /** All of the Pod has stopped, and the API knows. */
  settle(record: PodRecord): void {
    for (const resolve of this.#endings.of(record).waiting.splice(0)) resolve();
  }
}
