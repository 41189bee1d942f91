import { Node, type Pod, type Stored } from '@orrery/api';
import type { ControllerContext, WorkQueue } from '@orrery/core';
import type { ContainerResizer } from '../containers/container-resizer.ts';
import type { RuntimeView } from '../containers/runtime-view.ts';
import { pressureRefusal } from '../node/eviction-thresholds.ts';
import { charge, newNodeUse, type Refusal, refusals } from '../node/node-admission.ts';
import type { NodeHealth } from '../node/node-health.ts';
import { shutdownRefusal } from '../node/node-shutdown.ts';
import { isCritical, noRoom, preemptionVictims } from '../node/preemption.ts';
import type { KubeletSettings } from '../options.ts';
import { PerPod } from './per-pod.ts';
import type { PodEnds } from './pod-endings.ts';
import { isTerminal } from './pod-phase.ts';
import type { PodRecord, PodRecords } from './pod-records.ts';
import type { PodVerdict } from './pod-status.ts';
import { emptyDirBytes, memoryVolumes } from './pod-usage.ts';
import { allottedInStatus, allottedPod, type ResizeRefusal, resizeRefusal, sameResources } from './resize.ts';

/** What admission needs. */
export interface AdmissionParts {
  readonly settings: KubeletSettings;
  readonly context: ControllerContext;
  readonly health: NodeHealth;
  readonly queue: WorkQueue;
  readonly records: PodRecords;
  readonly view: RuntimeView;
  readonly ends: PodEnds;
  readonly resizer: ContainerResizer;
}

/** What the node makes of a Pod. */
export type Admission =
  /** Nothing is left to decide: the Pod proceeds to its start or its end. */
  | { readonly type: 'settled' }
  | { readonly type: 'refused'; readonly verdict: PodVerdict }
  /** Others have to leave before it is decided. */
  | { readonly type: 'waiting'; readonly victims: readonly PodRecord[] };

interface Admitted {
  decided: boolean;
  /** The Pod as it is counted on the node: with the resources that it was allotted. Undefined unless the node has taken it. */
  allotted: Pod | undefined;
  /** Why the node does not give the Pod what it now asks for. */
  refusal: ResizeRefusal | undefined;
}

const settled: Admission = { type: 'settled' };

/** Decides which Pods the node takes, allots resources to them, and keeps count of what they have (the kubelet's allocation manager). */
export class PodAdmission {
  readonly #parts: AdmissionParts;
  readonly #use = newNodeUse();
  readonly #admitted = new PerPod<Admitted>(() => ({ decided: false, allotted: undefined, refusal: undefined }));
  /** Pods that wait for others to release resources, by their uids. */
  readonly #deferred = new Set<string>();
  /** The emptyDirs in memory of the Pods that the node has taken: names by the Pod's uid. */
  readonly #memoryVolumes = new Map<string, readonly string[]>();

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** Decides on a Pod, once. */
  admit(record: PodRecord, pod: Stored<Pod>): Admission {
    const admitted = this.#admitted.of(record);
    if (admitted.decided) return settled;
    admitted.decided = true;
    if (pod.metadata.deletionTimestamp !== undefined || isTerminal(pod.status?.phase)) return settled;
    const runs = this.#parts.view.observed(record).sandboxes.length > 0;
    if (!runs) {
      const answer = this.#judge(pod);
      if (answer.type === 'waiting') admitted.decided = false;
      if (answer.type !== 'settled') return answer;
    }
    if (runs) this.#parts.resizer.check(record);
    admitted.allotted = runs ? allottedInStatus(pod) : pod;
    charge(this.#use, admitted.allotted, 1);
    const inMemory = memoryVolumes(pod);
    if (inMemory.length > 0) this.#memoryVolumes.set(record.uid, inMemory);
    return settled;
  }

  /** The Pods that the node has taken and that have not ended. */
  active(): readonly PodRecord[] {
    return this.#parts.records.all().filter((record) => this.#admitted.of(record).allotted !== undefined);
  }

  /** The Pod as the node runs it: with what it was allotted, as long as it may not have what it asks for. */
  allotted<P extends Pod>(record: PodRecord, pod: P): P {
    const { refusal, allotted } = this.#admitted.of(record);
    return allottedPod(pod, refusal, allotted);
  }

  /** Why the node does not give the Pod what it now asks for. */
  refusal(record: PodRecord): ResizeRefusal | undefined {
    return this.#admitted.of(record).refusal;
  }

  /** Bytes of all emptyDirs that are kept in memory. */
  memoryVolumeBytes(): number {
    let total = 0;
    for (const [uid, names] of this.#memoryVolumes) {
      for (const name of names) total += emptyDirBytes(this.#parts.settings.runtime, uid, name);
    }
    return total;
  }

  /** Nothing of the Pod runs any more: returns what it had. */
  release(record: PodRecord): void {
    const admitted = this.#admitted.of(record);
    if (admitted.allotted !== undefined) charge(this.#use, admitted.allotted, -1);
    admitted.allotted = undefined;
    this.#memoryVolumes.delete(record.uid);
    this.#deferred.delete(record.uid);
    this.#retryDeferred();
  }

  /** Lets a Pod that runs have the resources that it now asks for, or remembers why not. */
  resize(record: PodRecord, pod: Stored<Pod>): void {
    const admitted = this.#admitted.of(record);
    const before = admitted.allotted;
    if (before === undefined) return;
    this.#deferred.delete(record.uid);
    if (sameResources(before, pod)) {
      admitted.refusal = undefined;
      return;
    }
    charge(this.#use, before, -1);
    admitted.refusal = resizeRefusal(pod, this.#parts.settings.allocatable, this.#refusals(pod));
    if (admitted.refusal === undefined) {
      this.#parts.resizer.follow(record, before);
      admitted.allotted = pod;
    } else if (admitted.refusal.reason === 'Deferred') this.#deferred.add(record.uid);
    charge(this.#use, admitted.allotted ?? pod, 1);
    if (admitted.refusal === undefined) this.#retryDeferred();
  }

  /** What the node makes of a Pod of which nothing runs. */
  #judge(pod: Stored<Pod>): Admission {
    const { pressure, shuttingDown } = this.#parts.health;
    const pressed = pressureRefusal(pod, pressure);
    const all = pressed === undefined ? this.#refusals(pod) : [pressed];
    // A critical Pod lacks resources only when no other Pod can be preempted for it.
    let refusal = isCritical(pod) ? (all.find(({ shortage }) => shortage === undefined) ?? all[0]) : all[0];
    if (refusal?.shortage !== undefined && isCritical(pod)) {
      const victims = this.#victims(pod);
      if (victims !== undefined) return { type: 'waiting', victims };
      refusal = noRoom(pod, this.#allotted(), all);
    }
    if (shuttingDown) refusal ??= shutdownRefusal;
    if (refusal === undefined) return settled;
    const { reason, message } = refusal;
    this.#parts.context.events.event(pod, 'Warning', reason, message);
    return { type: 'refused', verdict: { reason, message: `Pod was rejected: ${message}`, refused: true } };
  }

  #refusals(pod: Pod): readonly Refusal[] {
    const { settings, context } = this.#parts;
    const { nodeName, operatingSystem, allocatable } = settings;
    const node = context.cache.get(Node, nodeName);
    return refusals(pod, { nodeName, operatingSystem, node, allocatable, use: this.#use });
  }

  /**
   * Which Pods have to leave for a critical one, beside those that leave already; undefined if it would not fit even so.
   */
  #victims(pod: Stored<Pod>): readonly PodRecord[] | undefined {
    const leaving: Pod[] = [];
    const staying = new Map<Pod, PodRecord>();
    for (const record of this.#parts.records.all()) {
      const { allotted } = this.#admitted.of(record);
      if (allotted === undefined) continue;
      if (this.#parts.ends.signal(record).aborted) leaving.push(allotted);
      else staying.set(allotted, record);
    }
    const victims = preemptionVictims(pod, [...staying.keys()], (gone) => {
      const without = [...leaving, ...gone];
      for (const one of without) charge(this.#use, one, -1);
      const fits = this.#refusals(pod).length === 0;
      for (const one of without) charge(this.#use, one, 1);
      return fits;
    });
    return victims?.flatMap((victim) => staying.get(victim) ?? []);
  }

  /** The Pods that the node has taken. */
  #allotted(): Pod[] {
    return this.#parts.records.all().flatMap((record) => this.#admitted.of(record).allotted ?? []);
  }

  #retryDeferred(): void {
    for (const uid of this.#deferred) this.#parts.queue.add(uid, { type: 'runtime', key: `resources for ${uid}` });
  }
}
