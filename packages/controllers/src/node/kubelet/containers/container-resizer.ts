import { type Container, membership, type Pod } from '@orrery/api';
import { errorText } from '@orrery/core';
import { type ContainerConfig, type ContainerRuntime, type ContainerStatus, RuntimeError } from '@orrery/runtimes';
import { PerPod } from '../pod/per-pod.ts';
import type { PodRecord } from '../pod/pod-records.ts';
import { type ResizeProgress, resizeRestarts } from '../pod/resize.ts';
import { containerResources } from './container-config.ts';
import { findContainer, type PodContainer } from './pod-containers.ts';
import { resourcesAnnotation } from './runtime-labels.ts';
import type { RuntimeView } from './runtime-view.ts';

type Resources = ContainerConfig['resources'];

/** How far the containers of a Pod are with the resources that it was allotted. */
interface Sizing {
  /** Running containers may have other resources than the Pod was allotted. */
  unsized: boolean;
  /** The Pod was given other resources, and its containers are to follow. */
  resizing: boolean;
  /** Why a container could not follow. */
  error: string | undefined;
  /** What containers still have that are to be given something else, by their names. */
  readonly outdated: Map<string, Container['resources']>;
  /** What running instances were given after they were made, by their ids. */
  readonly resized: Map<string, Resources>;
}

interface Misfit {
  readonly instance: ContainerStatus;
  readonly container: PodContainer;
  readonly has: Resources;
  readonly wants: Resources;
}

const nobody: ReadonlySet<string> = new Set();

/** Gives running containers the resources that their Pod was allotted (KEP-1287 "In-Place Update of Pod Resources"). */
export class ContainerResizer {
  readonly #runtime: ContainerRuntime;
  readonly #view: RuntimeView;
  readonly #sizings = new PerPod<Sizing>(() => ({
    unsized: false,
    resizing: false,
    error: undefined,
    outdated: new Map(),
    resized: new Map(),
  }));

  constructor(runtime: ContainerRuntime, view: RuntimeView) {
    this.#runtime = runtime;
    this.#view = view;
  }

  /** What runs of the Pod was made before this kubelet started: it may have other resources than it should. */
  check(record: PodRecord): void {
    this.#sizings.of(record).unsized = true;
  }

  /** The Pod was allotted other resources than `before`: its containers are to follow. */
  follow(record: PodRecord, { spec: { containers, initContainers = [] } }: Pod): void {
    const sizing = this.#sizings.of(record);
    for (const { name, resources } of [...containers, ...initContainers]) {
      if (!sizing.outdated.has(name)) sizing.outdated.set(name, resources);
    }
    sizing.unsized = true;
    sizing.resizing = true;
  }

  /** Whether running containers may have other resources than the Pod was allotted. */
  isUnsized(record: PodRecord): boolean {
    return this.#sizings.of(record).unsized;
  }

  progress(record: PodRecord): ResizeProgress {
    return this.#sizings.of(record);
  }

  /** What a container still has until it has what its Pod was allotted. */
  outdated(record: PodRecord, container: string): Container['resources'] {
    return this.#sizings.of(record).outdated.get(container);
  }

  /** The ids of running instances that must be made again to get the resources that their Pod was allotted. */
  outgrown(record: PodRecord, pod: Pod): ReadonlySet<string> {
    if (!this.isUnsized(record)) return nobody;
    return new Set(
      this.#misfits(record, pod)
        .filter(({ container, has, wants }) => resizeRestarts(container.spec, has, wants))
        .map(({ instance }) => instance.id),
    );
  }

  /** Gives running containers their resources in place. False if some could not get them. */
  async resize(record: PodRecord, pod: Pod): Promise<boolean> {
    const sizing = this.#sizings.of(record);
    sizing.error = undefined;
    const failed = new Set<string>();
    for (const { instance, container, has, wants } of this.#misfits(record, pod)) {
      if (resizeRestarts(container.spec, has, wants)) continue;
      try {
        await this.#update(instance.id, wants);
        sizing.resized.set(instance.id, wants);
      } catch (error) {
        sizing.error = errorText(error);
        failed.add(container.spec.name);
      }
    }
    const { containers } = this.#view.observed(record);
    const isThere = membership(containers.map(({ id }) => id));
    for (const id of sizing.resized.keys()) if (!isThere(id)) sizing.resized.delete(id);
    for (const name of sizing.outdated.keys()) if (!failed.has(name)) sizing.outdated.delete(name);
    sizing.unsized = sizing.error !== undefined;
    sizing.resizing &&= sizing.unsized;
    return !sizing.unsized;
  }

  async #update(id: string, wants: Resources): Promise<void> {
    const { name, updateContainerResources } = this.#runtime;
    if (updateContainerResources === undefined) {
      throw new RuntimeError('Unknown', `runtime ${name} cannot change the resources of a container that runs`);
    }
    await updateContainerResources.call(this.#runtime, id, wants);
  }

  #misfits(record: PodRecord, pod: Pod): Misfit[] {
    const { resized } = this.#sizings.of(record);
    const found: Misfit[] = [];
    for (const instance of this.#view.observed(record).containers) {
      const container = instance.state === 'RUNNING' ? findContainer(pod, instance.metadata.name) : undefined;
      const made = instance.annotations[resourcesAnnotation];
      if (container === undefined || container.role === 'ephemeral' || made === undefined) continue;
      const has = resized.get(instance.id) ?? (JSON.parse(made) as Resources);
      const wants = containerResources(container.spec);
      const fits =
        has.memoryLimitBytes === wants.memoryLimitBytes &&
        has.cpuShares === wants.cpuShares &&
        has.cpuQuota === wants.cpuQuota;
      if (!fits) found.push({ instance, container, has, wants });
    }
    return found;
  }
}
