import { isNotFound, PersistentVolume, PersistentVolumeClaim, type Pod, parseQuantity, type Volume } from '@orrery/api';
import type { Client } from '@orrery/core';
import type { NodeFiles } from '@orrery/runtimes';
import { makeVolumeDirectory, pluginVolumePath, projectedVolumePath } from '../../secret-projector/index.ts';
import { prepareHostPath } from './host-path.ts';

/** Makes a volume of the kubelet's own plugins: hostPath, emptyDir, a claim. @throws Error why it cannot be made */
export async function makeVolume(files: NodeFiles, client: Client, pod: Pod, volume: Volume): Promise<void> {
  if (volume.hostPath !== undefined) {
    prepareHostPath(files, volume.hostPath.path, volume.hostPath.type);
    return;
  }
  if (volume.persistentVolumeClaim !== undefined) {
    await claimPath(client, pod, volume.persistentVolumeClaim.claimName);
    return;
  }
  if (isEmptyDir(volume)) {
    const { fsGroup } = pod.spec.securityContext ?? {};
    const path = pluginVolumePath(pod.metadata.uid ?? '', 'empty-dir', volume.name);
    const { medium, sizeLimit } = volume.emptyDir ?? {};
    const bytes = sizeLimit === undefined ? 0 : parseQuantity(sizeLimit).value();
    makeVolumeDirectory(files, path, {
      inMemory: medium === 'Memory',
      fsGroup,
      // A file system of its own all the same: its files are charged to those who write them.
      sizeBytes: bytes > 0 ? bytes : Number.POSITIVE_INFINITY,
    });
    return;
  }
  throw new Error(`volume ${volume.name} is of a type that this node has no plugin for: ${volumeType(volume)}`);
}

/** Where a volume lies in the node's file system. */
export async function volumePath(client: Client, pod: Pod, volume: Volume): Promise<string> {
  if (volume.hostPath !== undefined) return volume.hostPath.path;
  if (volume.persistentVolumeClaim !== undefined) {
    return claimPath(client, pod, volume.persistentVolumeClaim.claimName);
  }
  const uid = pod.metadata.uid ?? '';
  return isEmptyDir(volume) ? pluginVolumePath(uid, 'empty-dir', volume.name) : projectedVolumePath(uid, volume);
}

/** A volume without any source is an emptyDir. */
export function isEmptyDir(volume: Volume): boolean {
  return volume.emptyDir !== undefined || volumeType(volume) === undefined;
}

function volumeType(volume: Volume): string | undefined {
  return Object.keys(volume).find((field) => field !== 'name' && volume[field as keyof Volume] !== undefined);
}

/** The directory of a claim that is bound to a volume on this node. */
async function claimPath(client: Client, pod: Pod, claimName: string): Promise<string> {
  const namespace = pod.metadata.namespace ?? '';
  try {
    const claim = await client.get(PersistentVolumeClaim, { namespace, name: claimName });
    const { volumeName } = claim.spec;
    if (claim.status?.phase !== 'Bound' || volumeName === undefined) {
      throw new Error(`error processing PVC ${namespace}/${claimName}: PVC is not bound`);
    }
    const volume = await client.get(PersistentVolume, volumeName);
    const path = volume.spec.hostPath?.path ?? volume.spec.local?.path;
    if (path === undefined) throw new Error(`PersistentVolume ${volumeName} has no source that this node can mount`);
    return path;
  } catch (error) {
    if (isNotFound(error)) {
      throw new Error(
        `error processing PVC ${namespace}/${claimName}: failed to fetch PVC from API server: ${error.message}`,
      );
    }
    throw error;
  }
}
