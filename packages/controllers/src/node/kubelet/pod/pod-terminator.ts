import { isConflict, isNotFound, Pod, type Stored } from '@orrery/api';
import { type ControllerContext, errorText, type Milliseconds, type WorkQueue } from '@orrery/core';
import type { ContainerStarter } from '../containers/container-starter.ts';
import { ignoringMissing } from '../containers/ignoring-missing.ts';
import { podAddress } from '../containers/observed.ts';
import type { RuntimeView } from '../containers/runtime-view.ts';
import { stopPod } from '../containers/stop-containers.ts';
import { stopGrace } from '../containers/termination.ts';
import type { KubeletSettings } from '../options.ts';
import type { Prober } from '../probes/prober.ts';
import type { PodVolumes } from '../volumes/pod-volumes.ts';
import type { PodAdmission } from './pod-admission.ts';
import type { PodEndings } from './pod-endings.ts';
import type { PodObserver } from './pod-observer.ts';
import { isTerminal } from './pod-phase.ts';
import { type PodRecord, type PodRecords, podKey } from './pod-records.ts';
import type { PodVerdict } from './pod-status.ts';
import type { PodStatuses } from './pod-statuses.ts';
import type { PodWatch } from './pod-watch.ts';

/** What ending Pods needs. */
export interface TerminatorParts {
  readonly settings: KubeletSettings;
  readonly context: ControllerContext;
  readonly queue: WorkQueue;
  readonly records: PodRecords;
  readonly view: RuntimeView;
  readonly endings: PodEndings;
  readonly prober: Prober;
  readonly observer: PodObserver;
  readonly volumes: PodVolumes;
  readonly admission: PodAdmission;
  readonly containers: ContainerStarter;
  readonly statuses: PodStatuses;
  readonly watch: PodWatch;
}

/** Brings Pods to their end: stops what runs of them, says how they ended, and clears away what they had. */
export class PodTerminator {
  readonly #parts: TerminatorParts;

  constructor(parts: TerminatorParts) {
    this.#parts = parts;
  }

  /**
   * Has a Pod leave the node, whatever its containers do; one that is leaving already can only be hurried. An event is recorded if
   * its type is given. Resolves when all of it has stopped and the API knows.
   */
  end(record: PodRecord, verdict: PodVerdict, event?: 'Normal' | 'Warning'): Promise<void> {
    const { endings, queue } = this.#parts;
    const { pod } = record;
    if (pod === undefined || endings.stage(record) === 'terminated') return Promise.resolve();
    const ended = endings.ended(record);
    if (!endings.signal(record).aborted) {
      this.condemn(record, pod, verdict, event);
      queue.add(record.uid, { type: 'runtime', key: podKey(pod) });
    } else this.#shorten(record, pod, verdict.grace);
    return ended;
  }

  /** Decides that the Pod ends here. An event is recorded if its type is given. */
  condemn(record: PodRecord, pod: Stored<Pod>, verdict: PodVerdict, event?: 'Normal' | 'Warning'): void {
    this.#parts.endings.begin(record, verdict);
    if (event !== undefined) this.#parts.context.events.event(pod, event, verdict.reason, verdict.message);
  }

  /** Follows the API: the Pod has to stop once it is deleted, and sooner if it is given less time. */
  follow(record: PodRecord): void {
    const { pod, gone } = record;
    if (pod === undefined) return;
    if (gone || pod.metadata.deletionTimestamp !== undefined) this.#parts.endings.begin(record);
    this.#shorten(record, pod);
  }

  /** Stops the Pod for good and tears down what it had. */
  async terminate(record: PodRecord): Promise<Milliseconds> {
    const { endings, observer, prober, watch, admission, statuses } = this.#parts;
    const { pod, gone } = record;
    const limit = endings.verdict(record)?.grace ?? Number.POSITIVE_INFINITY;
    endings.terminate(record, pod === undefined ? undefined : Math.min(stopGrace(pod, undefined), limit));
    watch.stop(record);
    prober.terminating(record);
    if (pod !== undefined && !gone) void statuses.publish(record);
    if (pod === undefined) await this.#stopUnknown(record);
    else await this.#stop(record, pod, limit);
    await observer.observe(record);
    endings.terminated(record);
    prober.forgetPod(record);
    admission.release(record);
    return this.finish(record);
  }

  /** All has been stopped: the last status, the volumes, and the end of the API object. */
  async finish(record: PodRecord): Promise<Milliseconds> {
    const { endings, records, view, volumes, statuses } = this.#parts;
    if (!record.gone && record.pod !== undefined) await statuses.publish(record);
    this.#alive();
    volumes.tearDown(record);
    // An evicted Pod takes up nothing more on the node, and leaves no log.
    if (endings.verdict(record)?.reason === 'Evicted') await view.removeAll(record);
    this.#alive();
    endings.settle(record);
    if (record.gone || record.pod === undefined) {
      await this.#erase(record);
      return Number.POSITIVE_INFINITY;
    }
    const current = records.current(record);
    if (current?.metadata.deletionTimestamp !== undefined && isTerminal(current.status?.phase)) {
      await this.#delete(current);
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Stops all that runs of a Pod. @throws what stopPod throws, after an event */
  async #stop(record: PodRecord, pod: Stored<Pod>, grace: Milliseconds): Promise<void> {
    const { settings, context, view } = this.#parts;
    const { clock, events, signal } = context;
    const observed = view.observed(record);
    try {
      await stopPod(
        { runtime: settings.runtime, clock, events, signal, grace },
        pod,
        observed,
        view.sandboxIds(record),
        podAddress(pod, observed, settings.nodeIp),
      );
    } catch (error) {
      this.#alive();
      events.event(pod, 'Warning', 'FailedKillPod', `error killing pod: ${errorText(error)}`);
      throw error;
    }
    this.#alive();
  }

  /** Stops what the runtime has of a Pod that the API does not know. */
  async #stopUnknown(record: PodRecord): Promise<void> {
    const { settings, view } = this.#parts;
    for (const id of view.sandboxIds(record)) {
      await ignoringMissing(settings.runtime.stopPodSandbox(id));
      this.#alive();
    }
  }

  /** Another deletion can only make the time shorter that containers have to stop, and so can the node. */
  #shorten(record: PodRecord, pod: Stored<Pod>, limit: Milliseconds = Number.POSITIVE_INFINITY): void {
    const { settings, context, view, endings } = this.#parts;
    const grace = Math.min(stopGrace(pod, undefined), limit);
    if (!endings.shorten(record, grace)) return;
    for (const { id, state } of view.observed(record).containers) {
      if (state !== 'RUNNING') continue;
      ignoringMissing(settings.runtime.stopContainer(id, grace)).catch((error: unknown) => {
        context.log.warn('container could not be stopped sooner', { container: id, error: errorText(error) });
      });
    }
  }

  /** Ends the API object, whose containers have stopped. */
  async #delete({ metadata: { uid, name, namespace = '' } }: Stored<Pod>): Promise<void> {
    const { client } = this.#parts.context;
    try {
      await client.delete(Pod, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  /** The Pod's logs can no longer be read. */
  async #erase(record: PodRecord): Promise<void> {
    const { records, view, volumes, containers } = this.#parts;
    await view.removeAll(record);
    this.#alive();
    volumes.remove(record);
    containers.forget(record);
    records.forget(record);
  }

  #alive(): void {
    this.#parts.context.signal.throwIfAborted();
  }
}
