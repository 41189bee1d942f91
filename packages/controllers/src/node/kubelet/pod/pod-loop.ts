import { Pod, type PodStatus, type Stored } from '@orrery/api';
import {
  type ControllerContext,
  createWorkQueue,
  errorText,
  type Milliseconds,
  type Random,
  type ReconcileResult,
  type WorkQueue,
} from '@orrery/core';
import type { ContainerEvent, ContainerStatus } from '@orrery/runtimes';
import { type ProjectionReport, podsDirectory } from '../../secret-projector/index.ts';
import { BackOff } from '../containers/back-off.ts';
import { labelPodUid } from '../containers/container-config.ts';
import { collectGarbage, removeContainers } from '../containers/container-gc.ts';
import { containerIdText, writtenStatus } from '../containers/container-statuses.ts';
import { findContainer } from '../containers/pod-containers.ts';
import { readTerminationMessage } from '../containers/termination-log.ts';
import { Images } from '../images/images.ts';
import type { NodeHealth } from '../node/node-health.ts';
import { preempted } from '../node/preemption.ts';
import { lacksNetwork } from '../node/runtime-state.ts';
import type { KubeletSettings } from '../options.ts';
import { Prober } from '../probes/prober.ts';
import { reportFailedMount } from '../volumes/volumes.ts';
import { activeDeadline, deadlineExceeded } from './active-deadline.ts';
import { PodAdmission } from './pod-admission.ts';
import { isTerminal } from './pod-phase.ts';
import { newPodRecord, onlyStatusChanged, type PodRecord, refresh } from './pod-record.ts';
import { PodStarter, podAddress } from './pod-starter.ts';
import { type PodVerdict, podStatus } from './pod-status.ts';
import { PodTerminator } from './pod-terminator.ts';
import { emptyDirBytes } from './pod-usage.ts';
import { PodWatch } from './pod-watch.ts';
import { allottedPod, resizeConditions } from './resize.ts';
import { StatusWriter } from './status-writer.ts';

const retryPace: Milliseconds = 10_000;
/** How soon a Pod is tried again that waits for the node's network, at the least. */
const networkPace: Milliseconds = 1000;
/** How often a critical Pod looks whether others have made room for it. */
const roomPace: Milliseconds = 1000;
/** More Pods than this wait for each other; a Pod's pull or grace period holds only its own place. */
const concurrency = 1024;

/** The loop over a node's Pods: one worker per Pod, woken by events of the API, the runtime, probes, volumes and timers. */
export class PodLoop {
  readonly #settings: KubeletSettings;
  readonly #context: ControllerContext;
  readonly #records = new Map<string, PodRecord>();
  readonly #queue: WorkQueue;
  readonly #random: Random;
  readonly #backOff: BackOff;
  readonly #images: Images;
  readonly #prober: Prober;
  readonly #starter: PodStarter;
  readonly #status: StatusWriter;
  readonly #admission: PodAdmission;
  readonly #watch: PodWatch;
  readonly #terminator: PodTerminator;

  constructor(settings: KubeletSettings, context: ControllerContext, health: NodeHealth) {
    const { runtime } = settings;
    const { clock, client, events, signal } = context;
    this.#settings = settings;
    this.#context = context;
    this.#random = context.random.fork('pods');
    this.#backOff = new BackOff(
      Math.min(10_000, settings.maxContainerRestartPeriod),
      settings.maxContainerRestartPeriod,
    );
    this.#images = new Images(runtime, client, clock, events);
    this.#prober = new Prober({
      clock,
      events,
      runtime,
      random: context.random.fork('probes'),
      startedAt: clock.now(),
      podOf: (uid) => this.#records.get(uid)?.pod,
      changed: (uid) => this.#probeChanged(uid),
    });
    this.#admission = new PodAdmission({
      settings,
      context,
      health,
      records: this.#records,
      // A critical Pod needs the place.
      preempt: (record) => void this.#terminator.end(record, preempted, 'Warning'),
      retry: (uid) => this.#queue.add(uid, { type: 'runtime', key: `resources for ${uid}` }),
    });
    this.#watch = new PodWatch(settings, clock, {
      moved: ({ uid }) => this.#queue.add(uid, { type: 'resync', key: uid }),
      evict: (record, verdict) => void this.#terminator.end(record, verdict, 'Warning'),
      failed: ({ uid }, error) =>
        context.log.warn('storage of pod could not be checked', { uid, error: errorText(error) }),
    });
    this.#starter = new PodStarter({
      settings,
      context,
      images: this.#images,
      prober: this.#prober,
      backOff: this.#backOff,
      random: this.#random,
      publish: (record) => void this.#publish(record),
      observe: (record) => this.#observe(record),
      alive: (record) => {
        this.#alive();
        record.ending.signal.throwIfAborted();
      },
    });
    this.#terminator = new PodTerminator({
      settings,
      context,
      prober: this.#prober,
      watch: this.#watch,
      publish: (record) => this.#publish(record),
      observe: (record) => this.#observe(record),
      current: (record) => this.#current(record),
      wake: (record, pod) => this.#queue.add(record.uid, { type: 'runtime', key: podKey(pod) }),
      stopped: (record) => this.#admission.release(record),
      erased: ({ uid }) => {
        this.#backOff.forget(`${uid}_`);
        this.#images.forget(uid);
        this.#records.delete(uid);
      },
    });
    this.#status = new StatusWriter(client, context.log, signal, (uid) => this.#queue.addAfter(uid, retryPace));
    this.#queue = createWorkQueue({
      environment: context,
      actor: `kubelet-${settings.nodeName}`,
      concurrency,
      process: (uid) => this.#process(uid),
    });
  }

  /** The record of a Pod that this node knows. */
  record(uid: string): PodRecord | undefined {
    return this.#records.get(uid);
  }

  /** Finds what runs, then listens. Ends when the context's signal is aborted. */
  async start(): Promise<void> {
    const { cache, signal } = this.#context;
    const { runtime, volumes } = this.#settings;
    await this.#adopt();
    if (signal.aborted) return;
    const subscriptions = [
      runtime.events().subscribe((event) => this.#runtimeEvent(event)),
      cache.changes(Pod, { replay: true }).subscribe(({ type, object, previous }) => {
        if (previous !== undefined && previous.metadata.uid !== object.metadata.uid) this.#podGone(previous);
        if (type === 'deleted') this.#podGone(object);
        else this.#podSeen(object);
      }),
      volumes.reports.subscribe((report) => this.#volumeReport(report)),
    ];
    for (const record of this.#records.values()) {
      if (record.pod === undefined) this.#queue.add(record.uid, { type: 'start', key: record.uid });
    }
    signal.addEventListener(
      'abort',
      () => {
        for (const subscription of subscriptions) subscription.unsubscribe();
        this.#watch.stopAll();
        this.#prober.stop();
        void this.#queue.stop();
      },
      { once: true },
    );
  }

  /** Takes over what the runtime has: a restart of the kubelet disturbs nothing that runs. */
  async #adopt(): Promise<void> {
    const { runtime } = this.#settings;
    const now = this.#context.clock.now();
    const bySandbox = new Map<string, PodRecord>();
    const adopted = (uid: string): PodRecord => {
      const record = this.#records.get(uid) ?? newPodRecord(uid, undefined, now);
      this.#records.set(uid, record);
      return record;
    };
    // A kubelet that died while it cleared away left no more than the directory.
    if (runtime.files.stat(podsDirectory) !== undefined) runtime.files.readdir(podsDirectory).forEach(adopted);
    for (const { id, metadata } of await runtime.listPodSandboxes()) {
      const record = adopted(metadata.uid);
      record.sandboxIds.add(id);
      bySandbox.set(id, record);
    }
    for (const { id, sandboxId, labels } of await runtime.listContainers()) {
      const record = bySandbox.get(sandboxId) ?? this.#records.get(labels[labelPodUid] ?? '');
      record?.containerIds.add(id);
    }
  }

  #podSeen(pod: Stored<Pod>): void {
    if (pod.spec.nodeName !== this.#settings.nodeName) return;
    const { uid, resourceVersion } = pod.metadata;
    let record = this.#records.get(uid);
    const before = record?.pod;
    if (record === undefined) {
      record = newPodRecord(uid, pod, this.#context.clock.now());
      this.#records.set(uid, record);
    }
    record.pod = pod;
    record.gone = false;
    if (pod.metadata.deletionTimestamp !== undefined) record.ending.abort();
    if (record.stage === 'terminating') this.#terminator.shorten(record, pod);
    if (before === undefined) this.#catchUp(pod);
    if (before !== undefined && onlyStatusChanged(before, pod) && this.#status.isWriting(uid)) return;
    this.#queue.add(uid, {
      type: before === undefined ? 'added' : 'modified',
      kind: 'v1/Pod',
      key: podKey(pod),
      resourceVersion,
    });
  }

  #podGone(pod: Stored<Pod>): void {
    const record = this.#records.get(pod.metadata.uid);
    if (record === undefined || record.gone) return;
    // A Pod that was taken out of the API by force has no time left.
    record.pod = { ...pod, metadata: { ...pod.metadata, deletionGracePeriodSeconds: 0 } };
    record.gone = true;
    record.ending.abort();
    if (record.stage === 'terminating') this.#terminator.shorten(record, record.pod);
    this.#queue.add(pod.metadata.uid, { type: 'deleted', kind: 'v1/Pod', key: podKey(pod) });
  }

  #runtimeEvent({ type, podUid, sandboxId, containerId }: ContainerEvent): void {
    const record = this.#records.get(podUid);
    if (record === undefined) return;
    const isSandbox = containerId === sandboxId;
    if (type === 'CREATED' || type === 'STARTED') {
      if (isSandbox) {
        record.sandboxIds.add(sandboxId);
        return;
      }
      record.containerIds.add(containerId);
      if (type === 'CREATED') return;
    }
    if (type === 'DELETED' || (isSandbox && record.stage !== 'running')) return;
    this.#queue.add(podUid, { type: 'runtime', key: containerId });
  }

  #probeChanged(uid: string): void {
    const record = this.#records.get(uid);
    if (record === undefined) return;
    // The Pod's worker may be busy with a slow stop or pull; readiness does not wait for it.
    if (record.stage !== 'terminated') void this.#publish(record);
    this.#queue.add(uid, { type: 'runtime', key: `probe of ${uid}` });
  }

  /** What was told of the Pod's volumes before this kubelet knew of the Pod. */
  #catchUp({ metadata, spec }: Stored<Pod>): void {
    for (const { name } of spec.volumes ?? []) {
      const state = this.#settings.volumes.state(metadata.uid, name);
      if (state !== undefined) this.#volumeReport({ podUid: metadata.uid, volume: name, state });
    }
  }

  #volumeReport({ podUid, volume, state }: ProjectionReport): void {
    const record = this.#records.get(podUid);
    if (record?.pod === undefined) return;
    if (!state.ready && record.stage === 'running') {
      reportFailedMount(this.#context, record.pod, volume, state.error);
    } else if (!record.mounted.has(volume)) this.#queue.add(podUid, { type: 'modified', key: `volume ${volume}` });
  }

  async #process(uid: string): Promise<ReconcileResult | void> {
    const record = this.#records.get(uid);
    if (record === undefined || this.#context.signal.aborted) return;
    try {
      const again = await this.#sync(record);
      const wait = again - this.#context.clock.now();
      if (Number.isFinite(wait)) return { requeueAfter: Math.max(wait, 0) };
    } catch (error) {
      if (this.#context.signal.aborted) return;
      // What the worker did was given up for the Pod's end, which comes next.
      if (error === record.ending.signal.reason) return { requeueAfter: 0 };
      this.#context.log.error('pod could not be synced', {
        pod: record.pod ? podKey(record.pod) : uid,
        error: errorText(error),
      });
      return { requeueAfter: this.#jittered(retryPace) };
    }
  }

  /** Returns when to come again, in milliseconds since the epoch. */
  async #sync(record: PodRecord): Promise<Milliseconds> {
    if (record.stage === 'terminated') return this.#terminator.finish(record);
    await this.#observe(record);
    const { pod } = record;
    if (pod === undefined || record.gone) return this.#terminator.terminate(record);
    if (!record.admitted && !this.#admission.admit(record, pod)) return this.#context.clock.now() + roomPace;
    const deadline = activeDeadline(pod) ?? Number.POSITIVE_INFINITY;
    if (record.verdict === undefined && deadline <= this.#context.clock.now() && !isTerminal(pod.status?.phase)) {
      this.#terminator.condemn(record, pod, deadlineExceeded, 'Normal');
    }
    const ended = record.verdict !== undefined || pod.metadata.deletionTimestamp !== undefined;
    if (ended || isTerminal(pod.status?.phase)) return this.#terminator.terminate(record);
    this.#admission.resize(record, pod);
    const status = this.#compute(record, pod);
    void this.#publish(record);
    if (isTerminal(status.phase)) return this.#terminator.terminate(record);
    if (await lacksNetwork(pod, this.#settings.runtime, this.#context.events)) {
      return this.#context.clock.now() + this.#jittered(networkPace);
    }
    const again = await this.#starter.sync(record, allottedPod(pod, record, record.charged));
    await collectGarbage(this.#settings.runtime, record);
    this.#watch.start(record);
    const started = status.startTime;
    const { activeDeadlineSeconds } = pod.spec;
    const due =
      activeDeadlineSeconds === undefined || started === undefined
        ? Number.POSITIVE_INFINITY
        : Date.parse(started) + activeDeadlineSeconds * 1000;
    return Math.min(again, due);
  }

  /** So long, and up to half as long again. */
  #jittered(pace: Milliseconds): Milliseconds {
    return pace * (1 + this.#random.next() / 2);
  }

  /** Asks the runtime, and lets probes and last words follow what it says. */
  async #observe(record: PodRecord): Promise<void> {
    const { pod } = record;
    try {
      await refresh(this.#settings.runtime, record);
    } catch (error) {
      this.#alive();
      const message = `error determining status: ${errorText(error)}`;
      if (pod !== undefined) this.#context.events.event(pod, 'Warning', 'FailedSync', message);
      throw error;
    }
    this.#alive();
    if (pod === undefined) return;
    const probing = record.stage === 'running' && pod.metadata.deletionTimestamp === undefined;
    for (const instance of record.observed.containers) {
      if (instance.state === 'RUNNING') {
        const container = findContainer(pod, instance.metadata.name);
        if (probing && container !== undefined) {
          const known = writtenStatus(pod, containerIdText(instance.id, { runtimeName: this.#settings.runtime.name }));
          this.#prober.watch(record.uid, pod, container, instance, podAddress(record, pod, this.#settings), known);
        }
      } else {
        this.#prober.forget(record.uid, instance.id);
        if (instance.state === 'EXITED' && !record.messages.has(instance.id)) {
          record.messages.set(instance.id, await readTerminationMessage(this.#settings.runtime, record.uid, instance));
        }
      }
    }
  }

  /** Pods that the node has taken and that have not ended. */
  active(): readonly PodRecord[] {
    return [...this.#records.values()].filter(({ charged }) => charged !== undefined);
  }

  /** Removes what is left of Pods that have ended: their writable layers and their logs. */
  async removeDead(): Promise<void> {
    for (const record of this.#records.values()) {
      if (record.stage === 'terminated') await removeContainers(this.#settings.runtime, record);
    }
  }

  /** Bytes of all emptyDirs that are kept in memory. */
  memoryVolumeBytes(): number {
    let total = 0;
    for (const [uid, names] of this.#admission.memoryVolumes) {
      for (const name of names) total += emptyDirBytes(this.#settings.runtime, uid, name);
    }
    return total;
  }

  /** Has a Pod leave the node: see {@link PodTerminator.end}. */
  end(record: PodRecord, verdict: PodVerdict, event?: 'Normal' | 'Warning'): Promise<void> {
    return this.#terminator.end(record, verdict, event);
  }

  #current(record: PodRecord): Stored<Pod> | undefined {
    const { pod } = record;
    if (pod === undefined || record.gone) return undefined;
    const current = this.#context.cache.get(Pod, podKey(pod));
    return current?.metadata.uid === record.uid ? current : undefined;
  }

  #publish(record: PodRecord): Promise<void> {
    return this.#status.write(record.uid, {
      current: () => this.#current(record),
      compute: (pod) => this.#compute(record, pod),
    });
  }

  #compute(record: PodRecord, pod: Stored<Pod>): PodStatus {
    return podStatus(allottedPod(pod, record, record.charged), record.observed, {
      runtimeName: this.#settings.runtime.name,
      old: pod.status,
      startFailure: (container) => record.startFailures.get(container),
      started: (id) => this.#prober.started(id),
      ready: (id) => this.#prober.ready(id),
      terminationMessage: ({ id }: ContainerStatus) => record.messages.get(id) ?? '',
      now: this.#context.clock.now(),
      acceptedAt: record.acceptedAt,
      hostIp: this.#settings.nodeIp,
      verdict: record.verdict,
      stopped: record.stopped,
      resize: resizeConditions(record),
      outdated: (container) => record.outdated.get(container),
    });
  }

  #alive(): void {
    this.#context.signal.throwIfAborted();
  }
}

function podKey(pod: Pod): string {
  return `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;
}
