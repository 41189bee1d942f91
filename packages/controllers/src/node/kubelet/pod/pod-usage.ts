import type { Pod } from '@orrery/api';
import { type ContainerRuntime, type ContainerUsage, RuntimeError } from '@orrery/runtimes';
import { pluginVolumePath } from '../../secret-projector/index.ts';
import type { ObservedPod } from '../containers/observed.ts';
import type { PodUse } from '../node/eviction-rank.ts';

/** What a Pod uses of its node now; nothing where the runtime does not know. */
export async function readPodUse(runtime: ContainerRuntime, pod: Pod, observed: ObservedPod): Promise<PodUse> {
  const containers = new Map<string, ContainerUsage>();
  for (const { id, metadata, state } of observed.containers) {
    if (state !== 'RUNNING' || runtime.containerUsage === undefined) continue;
    try {
      containers.set(metadata.name, await runtime.containerUsage(id));
    } catch (error) {
      // It has been removed meanwhile, and uses nothing any more.
      if (!(error instanceof RuntimeError) || error.code !== 'NotFound') throw error;
    }
  }
  const volumes = new Map<string, number>();
  for (const { name, emptyDir } of pod.spec.volumes ?? []) {
    if (emptyDir !== undefined) volumes.set(name, emptyDirBytes(runtime, pod.metadata.uid ?? '', name));
  }
  return { pod, containers, volumes };
}

/** Bytes of an emptyDir. */
export function emptyDirBytes({ files }: ContainerRuntime, podUid: string, volume: string): number {
  const path = pluginVolumePath(podUid, 'empty-dir', volume);
  return files.lstat(path) === undefined ? 0 : files.usage(path);
}

/** The emptyDirs of a Pod that are kept in memory, by name. */
export function memoryVolumes({ spec }: Pod): readonly string[] {
  return (spec.volumes ?? []).filter(({ emptyDir }) => emptyDir?.medium === 'Memory').map(({ name }) => name);
}
