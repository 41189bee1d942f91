import { isConflict, isNotFound, Pod, type Stored } from '@orrery/api';
import { type ControllerContext, errorText, type Milliseconds } from '@orrery/core';
import { podDirectory } from '../../secret-projector/index.ts';
import { removeContainers } from '../containers/container-gc.ts';
import { ignoringMissing, stopPod } from '../containers/stop-containers.ts';
import { stopGrace } from '../containers/termination.ts';
import type { KubeletSettings } from '../options.ts';
import type { Prober } from '../probes/prober.ts';
import { isTerminal } from './pod-phase.ts';
import type { PodRecord } from './pod-record.ts';
import { podAddress } from './pod-starter.ts';
import type { PodVerdict } from './pod-status.ts';
import type { PodWatch } from './pod-watch.ts';

/** What ending Pods needs. */
export interface TerminatorContext {
  readonly settings: KubeletSettings;
  readonly context: ControllerContext;
  readonly prober: Prober;
  readonly watch: PodWatch;
  /** Shows the Pod's status as it now is. Resolves when the API has it. */
  publish(record: PodRecord): Promise<void>;
  /** Asks the runtime what it now has of the Pod. */
  observe(record: PodRecord): Promise<void>;
  /** The Pod as the API has it; undefined once it is gone. */
  current(record: PodRecord): Stored<Pod> | undefined;
  /** Has the Pod's worker look at it. */
  wake(record: PodRecord, pod: Stored<Pod>): void;
  /** Nothing of the Pod runs any more. */
  stopped(record: PodRecord): void;
  /** Nothing of the Pod is left. */
  erased(record: PodRecord): void;
}

/** Brings Pods to their end: stops what runs of them, tells how they ended, and clears away what they had. */
export class PodTerminator {
  readonly #on: TerminatorContext;

  constructor(on: TerminatorContext) {
    this.#on = on;
  }

  /**
   * Has a Pod leave the node, whatever its containers do; one that is leaving already can only be hurried. `event` is told if it
   * is given. Resolves when all of it has stopped and the API knows.
   */
  end(record: PodRecord, verdict: PodVerdict, event?: 'Normal' | 'Warning'): Promise<void> {
    const { pod } = record;
    if (pod === undefined || record.stage === 'terminated') return Promise.resolve();
    const ended = new Promise<void>((resolve) => record.whenEnded.push(resolve));
    if (!record.ending.signal.aborted) {
      this.condemn(record, pod, verdict, event);
      this.#on.wake(record, pod);
    } else if (record.stage === 'terminating') this.shorten(record, pod, verdict.grace);
    return ended;
  }

  /** Decides that the Pod ends here. `event` is told if it is given. */
  condemn(record: PodRecord, pod: Stored<Pod>, verdict: PodVerdict, event?: 'Normal' | 'Warning'): void {
    record.verdict = verdict;
    record.ending.abort();
    if (event !== undefined) this.#on.context.events.event(pod, event, verdict.reason, verdict.message);
  }

  /** Stops the Pod for good and tears down what it had. */
  async terminate(record: PodRecord): Promise<Milliseconds> {
    const { runtime } = this.#on.settings;
    const { clock, events, signal } = this.#on.context;
    const { pod } = record;
    record.stage = 'terminating';
    this.#on.watch.stop(record.uid);
    this.#on.prober.terminating(record.uid);
    if (pod !== undefined) {
      if (!record.gone) void this.#on.publish(record);
      const grace = record.verdict?.grace ?? Number.POSITIVE_INFINITY;
      record.killGrace = Math.min(stopGrace(pod, undefined), grace);
      try {
        await stopPod(
          { runtime, clock, events, signal, grace },
          pod,
          record.observed,
          [...record.sandboxIds],
          podAddress(record, pod, this.#on.settings),
        );
      } catch (error) {
        this.#alive();
        events.event(pod, 'Warning', 'FailedKillPod', `error killing pod: ${errorText(error)}`);
        throw error;
      }
      this.#alive();
    } else {
      for (const id of record.sandboxIds) {
        await ignoringMissing(runtime.stopPodSandbox(id));
        this.#alive();
      }
    }
    await this.#on.observe(record);
    record.stopped = true;
    record.startFailures.clear();
    record.stage = 'terminated';
    this.#on.prober.forgetPod(record.uid);
    this.#on.stopped(record);
    return this.finish(record);
  }

  /** All has been stopped: the last status, the volumes, and the end of the API object. */
  async finish(record: PodRecord): Promise<Milliseconds> {
    const { runtime, volumes } = this.#on.settings;
    const { client } = this.#on.context;
    if (!record.gone && record.pod !== undefined) await this.#on.publish(record);
    this.#alive();
    volumes.release(record.uid);
    runtime.files.remove(`${podDirectory(record.uid)}/volumes`);
    // Whoever was put off the node takes nothing of it any more, and leaves no log.
    if (record.verdict?.reason === 'Evicted') await removeContainers(runtime, record);
    this.#alive();
    for (const told of record.whenEnded.splice(0)) told();
    if (record.gone || record.pod === undefined) {
      await this.#erase(record);
      return Number.POSITIVE_INFINITY;
    }
    const current = this.#on.current(record);
    if (current?.metadata.deletionTimestamp === undefined || !isTerminal(current.status?.phase)) {
      return Number.POSITIVE_INFINITY;
    }
    const { name, namespace = '' } = current.metadata;
    try {
      await client.delete(Pod, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid: record.uid } });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Nobody can ask for the Pod's logs any more. */
  async #erase(record: PodRecord): Promise<void> {
    const { runtime, volumes } = this.#on.settings;
    await removeContainers(runtime, record);
    this.#alive();
    runtime.files.remove(podDirectory(record.uid));
    volumes.forget(record.uid);
    this.#on.erased(record);
  }

  /** Another deletion can only make the time shorter that containers have to stop, and so can the node. */
  shorten(record: PodRecord, pod: Stored<Pod>, limit: Milliseconds = Number.POSITIVE_INFINITY): void {
    const grace = Math.min(stopGrace(pod, undefined), limit);
    if (record.killGrace === undefined || grace >= record.killGrace) return;
    record.killGrace = grace;
    for (const { id, state } of record.observed.containers) {
      if (state !== 'RUNNING') continue;
      ignoringMissing(this.#on.settings.runtime.stopContainer(id, grace)).catch((error: unknown) => {
        this.#on.context.log.warn('container could not be stopped sooner', { container: id, error: errorText(error) });
      });
    }
  }

  #alive(): void {
    this.#on.context.signal.throwIfAborted();
  }
}
