import type { Pod } from '@orrery/api';
import { errorText } from '@orrery/core';
import { type ContainerConfig, type ContainerRuntime, type ContainerStatus, RuntimeError } from '@orrery/runtimes';
import type { PodRecord } from '../pod/pod-record.ts';
import { resizeRestarts } from '../pod/resize.ts';
import { containerResources, resourcesAnnotation } from './container-config.ts';
import { findContainer, type PodContainer } from './pod-containers.ts';

type Resources = ContainerConfig['resources'];

interface Misfit {
  readonly instance: ContainerStatus;
  readonly container: PodContainer;
  readonly has: Resources;
  readonly wants: Resources;
}

/** The ids of running instances that must be made again to get the resources that their Pod was allotted. */
export function outgrown(record: PodRecord, pod: Pod): ReadonlySet<string> {
  if (!record.unsized) return nobody;
  return new Set(
    misfits(record, pod)
      .filter(({ container, has, wants }) => resizeRestarts(container.spec, has, wants))
      .map(({ instance }) => instance.id),
  );
}

const nobody: ReadonlySet<string> = new Set();

/** Gives running containers the resources that their Pod was allotted, in place. False if some could not get them. */
export async function resizeInPlace(runtime: ContainerRuntime, record: PodRecord, pod: Pod): Promise<boolean> {
  record.resizeError = undefined;
  const failed = new Set<string>();
  for (const { instance, container, has, wants } of misfits(record, pod)) {
    if (resizeRestarts(container.spec, has, wants)) continue;
    try {
      if (runtime.updateContainerResources === undefined) {
        throw new RuntimeError(
          'Unknown',
          `runtime ${runtime.name} cannot change the resources of a container that runs`,
        );
      }
      await runtime.updateContainerResources(instance.id, wants);
      record.resized.set(instance.id, wants);
    } catch (error) {
      record.resizeError = errorText(error);
      failed.add(container.spec.name);
    }
  }
  for (const name of record.outdated.keys()) if (!failed.has(name)) record.outdated.delete(name);
  record.unsized = record.resizeError !== undefined;
  record.resizing &&= record.unsized;
  return !record.unsized;
}

function misfits(record: PodRecord, pod: Pod): Misfit[] {
  const found: Misfit[] = [];
  for (const instance of record.observed.containers) {
    const container = instance.state === 'RUNNING' ? findContainer(pod, instance.metadata.name) : undefined;
    const made = instance.annotations[resourcesAnnotation];
    if (container === undefined || container.role === 'ephemeral' || made === undefined) continue;
    const has = record.resized.get(instance.id) ?? (JSON.parse(made) as Resources);
    const wants = containerResources(container.spec);
    const fits =
      has.memoryLimitBytes === wants.memoryLimitBytes &&
      has.cpuShares === wants.cpuShares &&
      has.cpuQuota === wants.cpuQuota;
    if (!fits) found.push({ instance, container, has, wants });
  }
  return found;
}
