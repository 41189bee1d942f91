import { Pod, type Stored } from '@orrery/api';
import type { Cache, Clock, Milliseconds } from '@orrery/core';

/**
 * A Pod of this node as the API has it. Whatever else is known of it belongs to a part of the kubelet (see PerPod). The record
 * changes as the Pod does.
 */
export interface PodRecord {
  readonly uid: string;
  /** As last seen; undefined for what the runtime has of a Pod that the API does not know. */
  readonly pod: Stored<Pod> | undefined;
  /** The API no longer has the Pod. */
  readonly gone: boolean;
  /** When this kubelet first saw it. */
  readonly acceptedAt: Milliseconds;
}

/** The Pods of a node, by uid: those that the API binds to it, and those that its runtime still has (the kubelet's podManager). */
export class PodRecords {
  readonly #cache: Pick<Cache, 'get'>;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #records = new Map<string, { -readonly [field in keyof PodRecord]: PodRecord[field] }>();

  constructor(cache: Pick<Cache, 'get'>, clock: Pick<Clock, 'now'>) {
    this.#cache = cache;
    this.#clock = clock;
  }

  get(uid: string): PodRecord | undefined {
    return this.#records.get(uid);
  }

  all(): readonly PodRecord[] {
    return [...this.#records.values()];
  }

  /** Something of the Pod was found on the node; whether the API has it is not known. */
  adopt(uid: string): PodRecord {
    return this.#records.get(uid) ?? this.#add(uid, undefined);
  }

  /** The API has the Pod, as it is now. */
  update(pod: Stored<Pod>): PodRecord {
    const record = this.#records.get(pod.metadata.uid) ?? this.#add(pod.metadata.uid, pod);
    record.pod = pod;
    record.gone = false;
    return record;
  }

  /** The API no longer has the Pod; this is how it was. Undefined if that is known already. */
  remove(pod: Stored<Pod>): PodRecord | undefined {
    const record = this.#records.get(pod.metadata.uid);
    if (record === undefined || record.gone) return undefined;
    record.pod = pod;
    record.gone = true;
    return record;
  }

  /** The Pod as the cache has it; undefined once it is gone. */
  current({ uid, pod, gone }: PodRecord): Stored<Pod> | undefined {
    if (pod === undefined || gone) return undefined;
    const current = this.#cache.get(Pod, podKey(pod));
    return current?.metadata.uid === uid ? current : undefined;
  }

  /** Nothing of the Pod is left. */
  forget({ uid }: PodRecord): void {
    this.#records.delete(uid);
  }

  #add(uid: string, pod: Stored<Pod> | undefined) {
    const record = { uid, pod, gone: pod === undefined, acceptedAt: this.#clock.now() };
    this.#records.set(uid, record);
    return record;
  }
}

/** `namespace/name`. */
export function podKey(pod: Pod): string {
  return `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;
}

/** Whether what the Pod should be is the same: its spec has the same generation, and its deletion is not new. */
export function onlyStatusChanged(before: Stored<Pod>, after: Stored<Pod>): boolean {
  return (
    (before.spec === after.spec ||
      (after.metadata.generation !== undefined && before.metadata.generation === after.metadata.generation)) &&
    before.metadata.deletionTimestamp === after.metadata.deletionTimestamp &&
    before.metadata.deletionGracePeriodSeconds === after.metadata.deletionGracePeriodSeconds
  );
}
