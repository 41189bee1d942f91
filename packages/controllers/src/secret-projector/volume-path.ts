import type { Volume } from '@orrery/api';

/** Where the kubelet keeps what it makes for Pods, in the node's file system. */
export const kubeletRoot = '/var/lib/kubelet';

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
