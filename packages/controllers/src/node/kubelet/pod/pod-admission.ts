import { Node, type Pod, type Stored } from '@orrery/api';
import type { ControllerContext } from '@orrery/core';
import { pressureRefusal } from '../node/eviction-thresholds.ts';
import { charge, newNodeUse, refusals } from '../node/node-admission.ts';
import type { NodeHealth } from '../node/node-health.ts';
import { shutdownRefusal } from '../node/node-shutdown.ts';
import { isCritical, noRoom, recordsToPreempt } from '../node/preemption.ts';
import type { KubeletSettings } from '../options.ts';
import { isTerminal } from './pod-phase.ts';
import type { PodRecord } from './pod-record.ts';
import { memoryVolumes } from './pod-usage.ts';
import { allottedInStatus, resizeRefusal, sameResources } from './resize.ts';

/** What {@link PodAdmission} needs of the loop that it serves. */
export interface AdmissionContext {
  readonly settings: KubeletSettings;
  readonly context: ControllerContext;
  readonly health: NodeHealth;
  readonly records: ReadonlyMap<string, PodRecord>;
  /** Has a Pod looked at that may now get the resources that it asks for. */
  retry(podUid: string): void;
  /** Has a Pod leave so that a critical one fits. */
  preempt(record: PodRecord): void;
}

/** Decides which Pods the node takes, and keeps count of what they use. */
export class PodAdmission {
  /** The emptyDirs in memory of the Pods that the node has taken: names by the Pod's uid. */
  readonly memoryVolumes = new Map<string, readonly string[]>();
  readonly #on: AdmissionContext;
  readonly #use = newNodeUse();
  /** Pods that wait for others to give back resources, by their uids. */
  readonly #deferred = new Set<string>();

  constructor(on: AdmissionContext) {
    this.#on = on;
  }

  /** Whether the node has made up its mind about the Pod; false while others make room for it. */
  admit(record: PodRecord, pod: Stored<Pod>): boolean {
    record.admitted = true;
    const { nodeName, operatingSystem, allocatable } = this.#on.settings;
    const { cache, events } = this.#on.context;
    if (pod.metadata.deletionTimestamp !== undefined || isTerminal(pod.status?.phase)) return true;
    if (record.observed.sandboxes.length === 0) {
      const node = cache.get(Node, nodeName);
      const found = () => refusals(pod, { nodeName, operatingSystem, node, allocatable, use: this.#use });
      const { pressure, shuttingDown } = this.#on.health;
      const pressed = pressureRefusal(pod, pressure);
      const all = pressed === undefined ? found() : [pressed];
      // A critical Pod is refused for want of resources only when nobody else can leave for it.
      let refusal = isCritical(pod) ? (all.find(({ shortage }) => shortage === undefined) ?? all[0]) : all[0];
      if (refusal?.shortage !== undefined && isCritical(pod)) {
        if (this.#makeRoom(pod, () => found().length === 0)) {
          record.admitted = false;
          return false;
        }
        refusal = noRoom(pod, this.#charged(), all);
      }
      if (shuttingDown) refusal ??= shutdownRefusal;
      if (refusal !== undefined) {
        const { reason, message } = refusal;
        events.event(pod, 'Warning', reason, message);
        record.verdict = { reason, message: `Pod was rejected: ${message}`, refused: true };
        return true;
      }
    }
    const runs = record.observed.sandboxes.length > 0;
    record.unsized = runs;
    record.charged = runs ? allottedInStatus(pod) : pod;
    charge(this.#use, record.charged, 1);
    const inMemory = memoryVolumes(pod);
    if (inMemory.length > 0) this.memoryVolumes.set(record.uid, inMemory);
    return true;
  }

  /** Gives back what the Pod used. */
  release(record: PodRecord): void {
    if (record.charged !== undefined) charge(this.#use, record.charged, -1);
    record.charged = undefined;
    this.memoryVolumes.delete(record.uid);
    this.#deferred.delete(record.uid);
    this.#retryDeferred();
  }

  /** Lets a Pod that runs have the resources that it now asks for, or remembers why not. */
  resize(record: PodRecord, pod: Stored<Pod>): void {
    const { charged, uid } = record;
    if (charged === undefined) return;
    this.#deferred.delete(uid);
    if (sameResources(charged, pod)) {
      record.resizeRefusal = undefined;
      return;
    }
    const { nodeName, operatingSystem, allocatable } = this.#on.settings;
    charge(this.#use, charged, -1);
    const node = this.#on.context.cache.get(Node, nodeName);
    const found = refusals(pod, { nodeName, operatingSystem, node, allocatable, use: this.#use });
    record.resizeRefusal = resizeRefusal(pod, allocatable, found);
    if (record.resizeRefusal === undefined) {
      for (const { name, resources } of [...charged.spec.containers, ...(charged.spec.initContainers ?? [])]) {
        if (!record.outdated.has(name)) record.outdated.set(name, resources);
      }
      record.charged = pod;
      record.unsized = true;
      record.resizing = true;
    } else if (record.resizeRefusal.reason === 'Deferred') this.#deferred.add(uid);
    charge(this.#use, record.charged ?? pod, 1);
    if (record.resizeRefusal === undefined) this.#retryDeferred();
  }

  #retryDeferred(): void {
    for (const uid of this.#deferred) this.#on.retry(uid);
  }

  /** Has Pods of lower priority leave for a critical one. False if that would not help. */
  #makeRoom(pod: Stored<Pod>, admits: () => boolean): boolean {
    const victims = recordsToPreempt(pod, [...this.#on.records.values()], this.#use, admits);
    for (const victim of victims ?? []) this.#on.preempt(victim);
    return victims !== undefined;
  }

  /** The Pods that the node has taken. */
  #charged(): Pod[] {
    return [...this.#on.records.values()].flatMap(({ charged }) => charged ?? []);
  }
}
