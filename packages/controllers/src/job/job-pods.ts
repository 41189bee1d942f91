import { controllerOf, Job, type KubernetesObject, Pod, parseApiVersion, type Stored } from '@orrery/api';
import { type Aggregation, type Cache, defineIndex } from '@orrery/core';
import type { Labels } from '../workload/pod-counts.ts';
import { isActive, isReady, isTerminal } from '../workload/pod-state.ts';
import { completionIndex, completionIndexKey } from './completion-index.ts';

/** Finalizer that keeps a Pod until its Job has counted it. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';

/** Whether the Pod has yet to be counted by its Job. */
export function isTracked({ metadata }: KubernetesObject): boolean {
  return metadata?.finalizers?.includes(trackingFinalizer) ?? false;
}

/** What a Job needs to know of its Pods, kept as they change: a Pod that ends is all that is looked at, among ten thousand. */
export class JobPods {
  readonly #active = new Map<string, Stored<Pod>>();
  readonly #tracked = new Map<string, Stored<Pod>>();
  readonly #ended = new Map<string, Stored<Pod>>();
  readonly #activeIndexes = new IndexCounts();
  readonly #terminatingIndexes = new IndexCounts();
  readonly #labels = new Map<string, { readonly labels: Labels; count: number }>();
  #ready = 0;
  #terminating = 0;
  #restarts = 0;

  /** Pods that have not ended and are not being deleted, by uid. */
  get active(): ReadonlyMap<string, Stored<Pod>> {
    return this.#active;
  }

  /** Pods that have yet to be counted, by uid: all that have the finalizer. */
  get tracked(): ReadonlyMap<string, Stored<Pod>> {
    return this.#tracked;
  }

  /** Those of {@link tracked} that have ended or are being deleted. */
  get ended(): ReadonlyMap<string, Stored<Pod>> {
    return this.#ended;
  }

  /** How many are active and ready. */
  get ready(): number {
    return this.#ready;
  }

  /** How many are being deleted and have not ended. */
  get terminating(): number {
    return this.#terminating;
  }

  /** How often the containers of Pods that have not ended were restarted, in all. */
  get restarts(): number {
    return this.#restarts;
  }

  /** The completion indexes of {@link active} Pods. */
  get activeIndexes(): IndexCounts {
    return this.#activeIndexes;
  }

  /** The completion indexes of Pods that are being deleted and have not ended. */
  get terminatingIndexes(): IndexCounts {
    return this.#terminatingIndexes;
  }

  /** Whether this is true of the labels of all, without that of their index. It is asked once for Pods that differ in nothing else. */
  everyLabels(test: (labels: Labels) => boolean): boolean {
    for (const { labels } of this.#labels.values()) if (!test(labels)) return false;
    return true;
  }

  add(pod: Stored<Pod>): void {
    const { uid } = pod.metadata;
    const isDeleted = pod.metadata.deletionTimestamp !== undefined;
    if (isActive(pod)) this.#active.set(uid, pod);
    if (isTracked(pod)) {
      this.#tracked.set(uid, pod);
      if (isDeleted || isTerminal(pod)) this.#ended.set(uid, pod);
    }
    this.#count(pod, 1);
  }

  remove(pod: Stored<Pod>): void {
    for (const pods of [this.#active, this.#tracked, this.#ended]) pods.delete(pod.metadata.uid);
    this.#count(pod, -1);
  }

  #count(pod: Stored<Pod>, change: 1 | -1): void {
    this.#countLabels(pod.metadata.labels ?? {}, change);
    if (isTerminal(pod)) return;
    this.#restarts += change * restartsOf(pod);
    if (isActive(pod)) {
      if (isReady(pod)) this.#ready += change;
      this.#activeIndexes.count(completionIndex(pod), change);
    } else {
      this.#terminating += change;
      this.#terminatingIndexes.count(completionIndex(pod), change);
    }
  }

  #countLabels({ [completionIndexKey]: _, ...labels }: Labels, change: 1 | -1): void {
    const key = JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
    const group = this.#labels.get(key) ?? { labels, count: 0 };
    group.count += change;
    if (group.count === 0) this.#labels.delete(key);
    else this.#labels.set(key, group);
  }
}

/** How many Pods have each completion index. */
export class IndexCounts {
  readonly #counts = new Map<number, number>();
  #unindexed = 0;
  #repeated = 0;
  #highest = -1;

  /** The indexes that some Pod has, in no particular order. */
  get indexes(): Iterable<number> {
    return this.#counts.keys();
  }

  /** Whether some Pod has no index, the index of another one, or possibly one that is not below `completions`. */
  mayHaveWrong(completions: number): boolean {
    return this.#unindexed > 0 || this.#repeated > 0 || this.#highest >= completions;
  }

  has(index: number): boolean {
    return this.#counts.has(index);
  }

  count(index: number | undefined, change: 1 | -1): void {
    if (index === undefined) {
      this.#unindexed += change;
      return;
    }
    const before = this.#counts.get(index) ?? 0;
    const after = before + change;
    this.#repeated += Math.max(0, after - 1) - Math.max(0, before - 1);
    if (after === 0) this.#counts.delete(index);
    else this.#counts.set(index, after);
    this.#highest = this.#counts.size === 0 ? -1 : Math.max(this.#highest, index);
  }
}

const summing: Aggregation<Pod, JobPods> = {
  create: () => new JobPods(),
  add: (pods, pod) => pods.add(pod),
  remove: (pods, pod) => pods.remove(pod),
};

/** Pods by the uid of the Job that is their controller, and their {@link JobPods}. */
export const podsOfJobs = defineIndex(
  Pod,
  (pod) => {
    const owner = controllerOf(pod);
    return owner?.kind === Job.kind && parseApiVersion(owner.apiVersion).group === Job.group ? [owner.uid] : [];
  },
  summing,
);

const none = new JobPods();

/** The Pods of a Job. They are the cache's own, and change with it. */
export function podsOfJob(cache: Cache, uid: string): JobPods {
  return cache.aggregate(podsOfJobs.at(uid)) ?? none;
}

function restartsOf({ status }: Pod): number {
  let count = 0;
  for (const { restartCount } of status?.initContainerStatuses ?? []) count += restartCount;
  for (const { restartCount } of status?.containerStatuses ?? []) count += restartCount;
  return count;
}
