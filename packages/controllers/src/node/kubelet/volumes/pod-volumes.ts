import type { Pod } from '@orrery/api';
import { backOff, type ControllerContext, errorText, type Milliseconds } from '@orrery/core';
import { podDirectory, projectionPlugin, volumeBackOff } from '../../secret-projector/index.ts';
import type { KubeletSettings } from '../options.ts';
import { PerPod } from '../pod/per-pod.ts';
import type { PodRecord } from '../pod/pod-records.ts';
import { makeVolume } from './volumes.ts';

/** The longest that a Pod waits for its volumes before an event says so. */
const volumeWait: Milliseconds = 123_000;

/** Whether all volumes are there, or when to look again (milliseconds since the epoch; projected volumes announce themselves). */
export type VolumesState = { readonly ready: true } | { readonly ready: false; readonly retryAt: Milliseconds };

interface Mounts {
  /** Names of the volumes that are there. */
  readonly mounted: Set<string>;
  /** How often a volume could not be made, and when to try again, by its name. */
  readonly failures: Map<string, { readonly count: number; readonly retryAt: Milliseconds }>;
  /** When the Pod began to wait for its volumes. */
  waitingSince: Milliseconds | undefined;
}

/** The volumes of a node's Pods, from making them to clearing them away (the kubelet's volume manager). */
export class PodVolumes {
  readonly #settings: KubeletSettings;
  readonly #context: ControllerContext;
  readonly #mounts = new PerPod<Mounts>(() => ({ mounted: new Set(), failures: new Map(), waitingSince: undefined }));

  constructor(settings: KubeletSettings, context: ControllerContext) {
    this.#settings = settings;
    this.#context = context;
  }

  /** Makes a Pod's volumes as far as they can be made now. Failures become FailedMount events and are tried again. */
  async prepare(record: PodRecord, pod: Pod): Promise<VolumesState> {
    const mounts = this.#mounts.of(record);
    const volumes = pod.spec.volumes ?? [];
    if (volumes.every(({ name }) => mounts.mounted.has(name))) return { ready: true };
    const { clock, client } = this.#context;
    const missing: string[] = [];
    let retryAt = Number.POSITIVE_INFINITY;
    for (const volume of volumes) {
      const { name } = volume;
      if (mounts.mounted.has(name)) continue;
      if (projectionPlugin(volume) !== undefined) {
        if (this.#settings.volumes.state(record.uid, name)?.ready === true) mounts.mounted.add(name);
        else missing.push(name);
        continue;
      }
      const failure = mounts.failures.get(name);
      if (failure !== undefined && failure.retryAt > clock.now()) {
        missing.push(name);
        retryAt = Math.min(retryAt, failure.retryAt);
        continue;
      }
      try {
        await makeVolume(this.#settings.runtime.files, client, pod, volume);
        mounts.mounted.add(name);
        mounts.failures.delete(name);
      } catch (error) {
        missing.push(name);
        const count = failure?.count ?? 0;
        const next = clock.now() + backOff(count, volumeBackOff);
        mounts.failures.set(name, { count: count + 1, retryAt: next });
        retryAt = Math.min(retryAt, next);
        this.reportFailed(pod, name, errorText(error));
      }
    }
    return missing.length === 0 ? this.#ready(mounts) : this.#waiting(mounts, pod, missing, retryAt);
  }

  /** Whether a volume is known to be there. */
  isMounted(record: PodRecord, volume: string): boolean {
    return this.#mounts.of(record).mounted.has(volume);
  }

  /** Records the event of a volume that could not be made. */
  reportFailed(pod: Pod, volume: string, error: string): void {
    const message = `MountVolume.SetUp failed for volume "${volume}" : ${error}`;
    this.#context.events.event(pod, 'Warning', 'FailedMount', message);
  }

  /** All of the Pod has stopped: clears its volumes away. */
  tearDown({ uid }: PodRecord): void {
    this.#settings.volumes.release(uid);
    this.#settings.runtime.files.remove(`${podDirectory(uid)}/volumes`);
  }

  /** The Pod is gone: removes all that lies on the node for it. */
  remove({ uid }: PodRecord): void {
    this.#settings.runtime.files.remove(podDirectory(uid));
    this.#settings.volumes.forget(uid);
  }

  #ready(mounts: Mounts): VolumesState {
    mounts.waitingSince = undefined;
    return { ready: true };
  }

  /** An event says now and then which volumes are missing. */
  #waiting(mounts: Mounts, pod: Pod, missing: readonly string[], retryAt: Milliseconds): VolumesState {
    const now = this.#context.clock.now();
    mounts.waitingSince ??= now;
    if (now - mounts.waitingSince >= volumeWait) {
      mounts.waitingSince = now;
      this.#context.events.event(
        pod,
        'Warning',
        'FailedMount',
        `Unable to attach or mount volumes: unmounted volumes=[${missing.join(' ')}], unattached volumes=[], failed to process volumes=[]: context deadline exceeded`,
      );
    }
    return { ready: false, retryAt: Math.min(retryAt, mounts.waitingSince + volumeWait) };
  }
}
