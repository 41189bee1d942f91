import { Pod, type Stored } from '@orrery/api';
import { type ControllerContext, fromAbort, type WorkQueue } from '@orrery/core';
import type { ContainerEvent } from '@orrery/runtimes';
import { Subscription } from 'rxjs';
import { type ProjectionReport, podsDirectory } from '../../secret-projector/index.ts';
import type { RuntimeView } from '../containers/runtime-view.ts';
import type { KubeletSettings } from '../options.ts';
import type { Prober } from '../probes/prober.ts';
import type { PodVolumes } from '../volumes/pod-volumes.ts';
import type { PodEnds } from './pod-endings.ts';
import { onlyStatusChanged, type PodRecord, type PodRecords, podKey } from './pod-records.ts';
import type { PodStatuses } from './pod-statuses.ts';
import type { PodTerminator } from './pod-terminator.ts';
import type { PodWatch } from './pod-watch.ts';

/** What taking in events about Pods needs. */
export interface SourceParts {
  readonly settings: KubeletSettings;
  readonly context: ControllerContext;
  readonly queue: WorkQueue;
  readonly records: PodRecords;
  readonly view: RuntimeView;
  readonly ends: PodEnds;
  readonly prober: Prober;
  readonly volumes: PodVolumes;
  readonly statuses: PodStatuses;
  readonly terminator: PodTerminator;
  readonly watch: PodWatch;
}

/**
 * Where a kubelet's events come from (the sources of its syncLoop): the API, the runtime, probes, volumes. What happens is
 * recorded at once, and wakes the Pod's worker.
 */
export class PodSources {
  readonly #parts: SourceParts;

  constructor(parts: SourceParts) {
    this.#parts = parts;
  }

  /** Finds what runs, then listens until the context's signal is aborted. */
  async start(): Promise<void> {
    const { settings, context, queue, records, prober, watch, terminator } = this.#parts;
    const { cache, signal } = context;
    await this.#adopt();
    if (signal.aborted) return;
    const listening = new Subscription();
    fromAbort(signal).subscribe(() => listening.unsubscribe());
    listening.add(settings.runtime.events().subscribe((event) => this.#runtimeEvent(event)));
    const pods = cache.changes(Pod, { replay: true }).subscribe(({ type, object, previous }) => {
      if (previous !== undefined && previous.metadata.uid !== object.metadata.uid) this.#podGone(previous);
      if (type === 'deleted') this.#podGone(object);
      else this.#podSeen(object);
    });
    listening.add(pods);
    listening.add(settings.volumes.reports.subscribe((report) => this.#volumeReport(report)));
    listening.add(prober.changes.subscribe((record) => this.#probeChanged(record)));
    const evicted = watch.evictions.subscribe(({ record, verdict }) => void terminator.end(record, verdict, 'Warning'));
    listening.add(evicted);
    for (const { uid, pod } of records.all()) if (pod === undefined) queue.add(uid, { type: 'start', key: uid });
  }

  /** Takes over what the runtime has: a restart of the kubelet disturbs nothing that runs. */
  async #adopt(): Promise<void> {
    const { settings, records, view } = this.#parts;
    const { files } = settings.runtime;
    // A kubelet that died while it cleared away left no more than the directory.
    if (files.stat(podsDirectory) !== undefined) for (const uid of files.readdir(podsDirectory)) records.adopt(uid);
    await view.adopt(records);
  }

  #podSeen(pod: Stored<Pod>): void {
    const { settings, queue, records, statuses, terminator } = this.#parts;
    if (pod.spec.nodeName !== settings.nodeName) return;
    const { uid, resourceVersion } = pod.metadata;
    const before = records.get(uid)?.pod;
    const record = records.update(pod);
    terminator.follow(record);
    if (before === undefined) this.#catchUp(record, pod);
    else if (onlyStatusChanged(before, pod) && statuses.isWriting(record)) return;
    const type = before === undefined ? 'added' : 'modified';
    queue.add(uid, { type, kind: 'v1/Pod', key: podKey(pod), resourceVersion });
  }

  #podGone(pod: Stored<Pod>): void {
    const { queue, records, terminator } = this.#parts;
    // A Pod that was removed from the API by force has no grace left.
    const record = records.remove({ ...pod, metadata: { ...pod.metadata, deletionGracePeriodSeconds: 0 } });
    if (record === undefined) return;
    terminator.follow(record);
    queue.add(record.uid, { type: 'deleted', kind: 'v1/Pod', key: podKey(pod) });
  }

  #runtimeEvent(event: ContainerEvent): void {
    const { queue, records, view, ends } = this.#parts;
    const { type, podUid, sandboxId, containerId } = event;
    const record = records.get(podUid);
    if (record === undefined) return;
    view.noticed(record, event);
    const isSandbox = containerId === sandboxId;
    if (type === 'CREATED' || type === 'DELETED' || (type === 'STARTED' && isSandbox)) return;
    if (isSandbox && ends.stage(record) !== 'running') return;
    queue.add(podUid, { type: 'runtime', key: containerId });
  }

  #probeChanged(record: PodRecord): void {
    const { queue, ends, statuses } = this.#parts;
    // The Pod's worker may be busy with a slow stop or pull; readiness does not wait for it.
    if (ends.stage(record) !== 'terminated') void statuses.publish(record);
    queue.add(record.uid, { type: 'runtime', key: `probe of ${record.uid}` });
  }

  /** What was reported of the Pod's volumes before this kubelet knew of the Pod. */
  #catchUp({ uid }: PodRecord, { spec }: Stored<Pod>): void {
    for (const { name } of spec.volumes ?? []) {
      const state = this.#parts.settings.volumes.state(uid, name);
      if (state !== undefined) this.#volumeReport({ podUid: uid, volume: name, state });
    }
  }

  #volumeReport({ podUid, volume, state }: ProjectionReport): void {
    const { queue, records, ends, volumes } = this.#parts;
    const record = records.get(podUid);
    if (record?.pod === undefined) return;
    if (!state.ready && ends.stage(record) === 'running') volumes.reportFailed(record.pod, volume, state.error);
    else if (!volumes.isMounted(record, volume)) queue.add(podUid, { type: 'modified', key: `volume ${volume}` });
  }
}
