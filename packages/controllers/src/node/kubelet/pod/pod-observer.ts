import { membership, type Pod, type Stored } from '@orrery/api';
import { type ControllerContext, errorText } from '@orrery/core';
import type { ContainerStatus } from '@orrery/runtimes';
import { containerIdText, writtenStatus } from '../containers/container-statuses.ts';
import { type ObservedPod, podAddress } from '../containers/observed.ts';
import { findContainer } from '../containers/pod-containers.ts';
import type { RuntimeView } from '../containers/runtime-view.ts';
import { readTerminationMessage } from '../containers/termination-log.ts';
import type { KubeletSettings } from '../options.ts';
import type { Prober } from '../probes/prober.ts';
import { PerPod } from './per-pod.ts';
import type { PodRecord } from './pod-records.ts';

/** What looking at Pods needs. */
export interface ObserverParts {
  readonly settings: KubeletSettings;
  readonly context: ControllerContext;
  readonly view: RuntimeView;
  readonly prober: Prober;
}

/** Looks at what runs of Pods: probes follow what is found, and the last words of what has ended are read once. */
export class PodObserver {
  readonly #parts: ObserverParts;
  /** Termination messages by the instances' ids. */
  readonly #messages = new PerPod<Map<string, string>>(() => new Map());

  constructor(parts: ObserverParts) {
    this.#parts = parts;
  }

  /** Asks the runtime what it now has of the Pod. @throws what the runtime throws, and the kubelet's abort */
  async observe(record: PodRecord): Promise<void> {
    const { context, view } = this.#parts;
    const { pod } = record;
    let observed: ObservedPod;
    try {
      observed = await view.refresh(record);
    } catch (error) {
      context.signal.throwIfAborted();
      const message = `error determining status: ${errorText(error)}`;
      if (pod !== undefined) context.events.event(pod, 'Warning', 'FailedSync', message);
      throw error;
    }
    context.signal.throwIfAborted();
    if (pod !== undefined) await this.#follow(record, pod, observed);
  }

  /** The termination message of an instance that has ended; `''` where it left none. */
  terminationMessage(record: PodRecord, { id }: ContainerStatus): string {
    return this.#messages.of(record).get(id) ?? '';
  }

  async #follow(record: PodRecord, pod: Stored<Pod>, observed: ObservedPod): Promise<void> {
    const { settings, prober } = this.#parts;
    const { runtime, nodeIp } = settings;
    const messages = this.#messages.of(record);
    for (const instance of observed.containers) {
      if (instance.state === 'RUNNING') {
        const container = findContainer(pod, instance.metadata.name);
        if (container === undefined || pod.metadata.deletionTimestamp !== undefined) continue;
        const known = writtenStatus(pod, containerIdText(instance.id, { runtimeName: runtime.name }));
        prober.watch(record, { pod, container, instance, podIp: podAddress(pod, observed, nodeIp), known });
      } else {
        prober.forget(record, instance.id);
        if (instance.state === 'EXITED' && !messages.has(instance.id)) {
          messages.set(instance.id, await readTerminationMessage(runtime, record.uid, instance));
        }
      }
    }
    const isThere = membership(observed.containers.map(({ id }) => id));
    for (const id of messages.keys()) if (!isThere(id)) messages.delete(id);
  }
}
