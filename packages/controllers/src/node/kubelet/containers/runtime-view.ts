import {
  type ContainerConfig,
  type ContainerEvent,
  type ContainerRuntime,
  type PodSandboxConfig,
  type PodSandboxStatus,
  RuntimeError,
} from '@orrery/runtimes';
import { PerPod } from '../pod/per-pod.ts';
import type { PodRecord, PodRecords } from '../pod/pod-records.ts';
import { ignoringMissing } from './ignoring-missing.ts';
import { nothingObserved, type ObservedPod, observe } from './observed.ts';
import { podUidLabel } from './runtime-labels.ts';

/** The sandboxes and containers known to be in the runtime, with their last observed state. */
interface Held {
  readonly sandboxIds: Set<string>;
  readonly containerIds: Set<string>;
  observed: ObservedPod;
}

/**
 * What the runtime has of each Pod (the kubelet's pod cache). Sandboxes and containers are made and removed through it, so that
 * it need not ask the runtime for everything to know what belongs to a Pod.
 */
export class RuntimeView {
  readonly #runtime: ContainerRuntime;
  readonly #held = new PerPod<Held>(() => ({
    sandboxIds: new Set(),
    containerIds: new Set(),
    observed: nothingObserved,
  }));

  constructor(runtime: ContainerRuntime) {
    this.#runtime = runtime;
  }

  /** What the runtime said of the Pod when it was last asked. */
  observed(record: PodRecord): ObservedPod {
    return this.#held.of(record).observed;
  }

  sandboxIds(record: PodRecord): readonly string[] {
    return [...this.#held.of(record).sandboxIds];
  }

  /** Finds all that the runtime has, and whose it is. */
  async adopt(records: PodRecords): Promise<void> {
    const bySandbox = new Map<string, PodRecord>();
    for (const { id, metadata } of await this.#runtime.listPodSandboxes()) {
      const record = records.adopt(metadata.uid);
      this.#held.of(record).sandboxIds.add(id);
      bySandbox.set(id, record);
    }
    for (const { id, sandboxId, labels } of await this.#runtime.listContainers()) {
      const record = bySandbox.get(sandboxId) ?? records.get(labels[podUidLabel] ?? '');
      if (record !== undefined) this.#held.of(record).containerIds.add(id);
    }
  }

  /** Learns from an event of the runtime what there is. */
  noticed(record: PodRecord, { type, sandboxId, containerId }: ContainerEvent): void {
    if (type !== 'CREATED' && type !== 'STARTED') return;
    const { sandboxIds, containerIds } = this.#held.of(record);
    if (containerId === sandboxId) sandboxIds.add(sandboxId);
    else containerIds.add(containerId);
  }

  /** Asks the runtime for what it has of the Pod. @throws what the runtime throws */
  async refresh(record: PodRecord): Promise<ObservedPod> {
    const held = this.#held.of(record);
    const sandboxes = await readAll(held.sandboxIds, (id) => this.#runtime.podSandboxStatus(id));
    const containers = await readAll(held.containerIds, (id) => this.#runtime.containerStatus(id));
    held.observed = observe(sandboxes, containers);
    return held.observed;
  }

  /**
   * Whether the runtime now says something else than it did when it was last asked; true where it does not answer at once.
   * Allocates nothing, for it is asked again and again.
   */
  hasMoved(record: PodRecord): boolean {
    const { observed } = this.#held.of(record);
    try {
      for (const { id, state } of observed.containers) {
        const status = this.#runtime.containerStatus(id);
        if (status instanceof Promise || status.state !== state) return true;
      }
      for (const { id, state } of observed.sandboxes) {
        const status = this.#runtime.podSandboxStatus(id);
        if (status instanceof Promise || status.state !== state) return true;
      }
      return false;
    } catch {
      // The Pod's worker finds out which are gone.
      return true;
    }
  }

  /** Makes a sandbox, which is the Pod's newest from now on. */
  async runSandbox(record: PodRecord, config: PodSandboxConfig): Promise<PodSandboxStatus> {
    const held = this.#held.of(record);
    const id = await this.#runtime.runPodSandbox(config);
    held.sandboxIds.add(id);
    const status = await this.#runtime.podSandboxStatus(id);
    held.observed = observe([status, ...held.observed.sandboxes], held.observed.containers);
    return status;
  }

  /** Makes a container. It is observed when the runtime is next asked. */
  async createContainer(record: PodRecord, sandboxId: string, config: ContainerConfig): Promise<string> {
    const id = await this.#runtime.createContainer(sandboxId, config);
    this.#held.of(record).containerIds.add(id);
    return id;
  }

  /** Removes a container with its files and its log, if it is still there. */
  async removeContainer(record: PodRecord, id: string): Promise<void> {
    await ignoringMissing(this.#runtime.removeContainer(id));
    const held = this.#held.of(record);
    held.containerIds.delete(id);
    held.observed = { ...held.observed, containers: held.observed.containers.filter((one) => one.id !== id) };
  }

  async removeSandbox(record: PodRecord, id: string): Promise<void> {
    await ignoringMissing(this.#runtime.removePodSandbox(id));
    const held = this.#held.of(record);
    held.sandboxIds.delete(id);
    held.observed = { ...held.observed, sandboxes: held.observed.sandboxes.filter((one) => one.id !== id) };
  }

  /** Removes all that is left of a Pod that has stopped: its containers with their files and logs, and its sandboxes. */
  async removeAll(record: PodRecord): Promise<void> {
    const { containerIds, sandboxIds } = this.#held.of(record);
    for (const id of containerIds) await ignoringMissing(this.#runtime.removeContainer(id));
    for (const id of sandboxIds) await ignoringMissing(this.#runtime.removePodSandbox(id));
  }
}

async function readAll<T>(ids: Set<string>, read: (id: string) => T | Promise<T>): Promise<T[]> {
  const found: T[] = [];
  for (const id of ids) {
    try {
      const status = read(id);
      found.push(status instanceof Promise ? await status : status);
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.code !== 'NotFound') throw error;
      ids.delete(id);
    }
  }
  return found;
}
