import { isNotFound, PersistentVolume, PersistentVolumeClaim, type Pod, parseQuantity, type Volume } from '@orrery/api';
import { backOff, type Client, type Clock, type EventRecorder, errorText, type Milliseconds } from '@orrery/core';
import type { ContainerRuntime } from '@orrery/runtimes';
import {
  makeVolumeDirectory,
  type ProjectedVolumes,
  pluginVolumePath,
  projectedVolumePath,
  projectionPlugin,
  volumeBackOff,
} from '../../secret-projector/index.ts';
import type { PodRecord } from '../pod/pod-record.ts';
import { prepareHostPath } from './host-path.ts';

/** The longest that a Pod waits for its volumes before it says so (milliseconds). */
const volumeWait: Milliseconds = 123_000;

/** What the volumes of a Pod are made with. */
export interface VolumeContext {
  readonly runtime: ContainerRuntime;
  readonly client: Client;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly projected: ProjectedVolumes;
}

/** Whether all volumes are there, or when to look again (milliseconds since the epoch; projected volumes announce themselves). */
export type VolumesState = { readonly ready: true } | { readonly ready: false; readonly retryAt: Milliseconds };

/** Makes a Pod's volumes as far as they can be made now. Failures become FailedMount events and are tried again. */
export async function prepareVolumes(context: VolumeContext, record: PodRecord, pod: Pod): Promise<VolumesState> {
  const volumes = pod.spec.volumes ?? [];
  if (volumes.every(({ name }) => record.mounted.has(name))) return { ready: true };
  const { clock } = context;
  const missing: string[] = [];
  let retryAt = Number.POSITIVE_INFINITY;
  for (const volume of volumes) {
    if (record.mounted.has(volume.name)) continue;
    if (projectionPlugin(volume) !== undefined) {
      if (context.projected.state(record.uid, volume.name)?.ready === true) record.mounted.add(volume.name);
      else missing.push(volume.name);
      continue;
    }
    const failure = record.mountFailures.get(volume.name);
    if (failure !== undefined && failure.retryAt > clock.now()) {
      missing.push(volume.name);
      retryAt = Math.min(retryAt, failure.retryAt);
      continue;
    }
    try {
      await makeVolume(context, pod, volume);
      record.mounted.add(volume.name);
      record.mountFailures.delete(volume.name);
    } catch (error) {
      missing.push(volume.name);
      const count = failure?.count ?? 0;
      const next = clock.now() + backOff(count, volumeBackOff);
      record.mountFailures.set(volume.name, { count: count + 1, retryAt: next });
      retryAt = Math.min(retryAt, next);
      reportFailedMount(context, pod, volume.name, errorText(error));
    }
  }
  if (missing.length === 0) {
    record.waitingForVolumes = undefined;
    return { ready: true };
  }
  record.waitingForVolumes ??= clock.now();
  if (clock.now() - record.waitingForVolumes >= volumeWait) {
    record.waitingForVolumes = clock.now();
    context.events.event(
      pod,
      'Warning',
      'FailedMount',
      `Unable to attach or mount volumes: unmounted volumes=[${missing.join(' ')}], unattached volumes=[], failed to process volumes=[]: context deadline exceeded`,
    );
  }
  return { ready: false, retryAt: Math.min(retryAt, record.waitingForVolumes + volumeWait) };
}

/** Tells why a volume could not be made. */
export function reportFailedMount(
  context: { readonly events: EventRecorder },
  pod: Pod,
  volume: string,
  error: string,
): void {
  context.events.event(pod, 'Warning', 'FailedMount', `MountVolume.SetUp failed for volume "${volume}" : ${error}`);
}

async function makeVolume(context: VolumeContext, pod: Pod, volume: Volume): Promise<void> {
  const { files } = context.runtime;
  if (volume.hostPath !== undefined) {
    prepareHostPath(files, volume.hostPath.path, volume.hostPath.type);
    return;
  }
  if (volume.persistentVolumeClaim !== undefined) {
    await claimPath(context.client, pod, volume.persistentVolumeClaim.claimName);
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
      sizeBytes: bytes > 0 ? bytes : undefined,
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
