import type { Pod, PodStatus, Stored } from '@orrery/api';
import type { ControllerContext, WorkQueue } from '@orrery/core';
import type { ContainerResizer } from '../containers/container-resizer.ts';
import type { RuntimeView } from '../containers/runtime-view.ts';
import type { StartFailures } from '../containers/start-failures.ts';
import type { KubeletSettings } from '../options.ts';
import type { Prober } from '../probes/prober.ts';
import type { PodAdmission } from './pod-admission.ts';
import type { PodEnds } from './pod-endings.ts';
import type { PodObserver } from './pod-observer.ts';
import type { PodRecord, PodRecords } from './pod-records.ts';
import { podStatus } from './pod-status.ts';
import { resizeConditions } from './resize.ts';
import { StatusWriter } from './status-writer.ts';

/** What a Pod's status is made of. */
export interface StatusParts {
  readonly settings: KubeletSettings;
  readonly context: ControllerContext;
  readonly queue: WorkQueue;
  readonly records: PodRecords;
  readonly view: RuntimeView;
  readonly ends: PodEnds;
  readonly prober: Prober;
  readonly observer: PodObserver;
  readonly failures: StartFailures;
  readonly resizer: ContainerResizer;
  readonly admission: PodAdmission;
}

/** The statuses of a node's Pods: what all parts of the kubelet know, put together and written (the kubelet's status manager). */
export class PodStatuses {
  readonly #parts: StatusParts;
  readonly #writer: StatusWriter;

  constructor(parts: StatusParts) {
    this.#parts = parts;
    this.#writer = new StatusWriter(parts.context, parts.queue);
  }

  /** Shows the Pod's status as it now is. Resolves when the API has it. */
  publish(record: PodRecord): Promise<void> {
    return this.#writer.write(record.uid, {
      current: () => this.#parts.records.current(record),
      compute: (pod) => this.compute(record, pod),
    });
  }

  /** Whether the Pod's status is being written: changes that come meanwhile are its own, or are looked at when it is done. */
  isWriting({ uid }: PodRecord): boolean {
    return this.#writer.isWriting(uid);
  }

  /** The status of the Pod as it should be now. */
  compute(record: PodRecord, pod: Stored<Pod>): PodStatus {
    const { settings, context, view, ends, prober, observer, failures, resizer, admission } = this.#parts;
    const stopped = ends.stage(record) === 'terminated';
    return podStatus(admission.allotted(record, pod), view.observed(record), {
      runtimeName: settings.runtime.name,
      old: pod.status,
      startFailure: (container) => (stopped ? undefined : failures.of(record).get(container)),
      started: (id) => prober.started(id),
      ready: (id) => prober.ready(id),
      terminationMessage: (instance) => observer.terminationMessage(record, instance),
      now: context.clock.now(),
      acceptedAt: record.acceptedAt,
      hostIp: settings.nodeIp,
      verdict: ends.verdict(record),
      stopped,
      resize: resizeConditions(admission.refusal(record), resizer.progress(record)),
      outdated: (container) => resizer.outdated(record, container),
    });
  }
}
