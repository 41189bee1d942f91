import type { Volume } from '@orrery/api';
import type { NodeFiles } from '@orrery/runtimes';

/** Where the kubelet keeps what it makes for Pods, in the node's file system. */
const kubeletRoot = '/var/lib/kubelet';

/** Where a node keeps the directories of its Pods, by uid. */
export const podsDirectory = `${kubeletRoot}/pods`;

/** A Pod's own directory. */
export function podDirectory(podUid: string): string {
  return `${podsDirectory}/${podUid}`;
}

/** Where a volume of that plugin lies (`kubernetes.io~secret`). */
export function pluginVolumePath(podUid: string, plugin: string, volume: string): string {
  return `${podDirectory(podUid)}/volumes/kubernetes.io~${plugin}/${volume}`;
}

/** The plugin that projects this volume; undefined if the volume holds no projected data. */
export function projectionPlugin(volume: Volume): 'secret' | 'configmap' | 'downward-api' | 'projected' | undefined {
  if (volume.secret !== undefined) return 'secret';
  if (volume.configMap !== undefined) return 'configmap';
  if (volume.downwardAPI !== undefined) return 'downward-api';
  return volume.projected !== undefined ? 'projected' : undefined;
}

/** Where a projected volume lies. @throws Error if it is none. */
export function projectedVolumePath(podUid: string, volume: Volume): string {
  const plugin = projectionPlugin(volume);
  if (plugin === undefined) throw new Error(`volume ${volume.name} holds no projected data`);
  return pluginVolumePath(podUid, plugin, volume.name);
}

/**
 * Makes the directory of a volume that the node keeps: every user may write into it, as far as its mount is not read-only, and
 * what stands above it is the node's own. In memory (tmpfs) it is sticky; a group owns it, and what is made in it, if one is
 * named (`fsGroup`).
 */
export function makeVolumeDirectory(
  files: NodeFiles,
  path: string,
  options: {
    readonly inMemory: boolean;
    readonly fsGroup: number | undefined;
    /** How much it may hold in memory, in bytes; absent is as much as there is. */
    readonly sizeBytes?: number | undefined;
  },
): void {
  const { inMemory, fsGroup, sizeBytes } = options;
  if (files.lstat(path) !== undefined) return;
  files.mkdir(path.slice(0, path.lastIndexOf('/')), { mode: 0o750 });
  const mode = 0o777 | (inMemory ? 0o1000 : 0) | (fsGroup === undefined ? 0 : 0o2000);
  const attributes = fsGroup === undefined ? { mode } : { mode, gid: fsGroup };
  if (inMemory && sizeBytes !== undefined && files.makeMemoryDirectory !== undefined) {
    files.makeMemoryDirectory(path, sizeBytes, attributes);
  } else files.mkdir(path, attributes);
}
