import { controllerOf, type OwnerReference, type Pod, type Stored } from '@orrery/api';
import { isReady } from '../workload/pod-state.ts';

/** Who controls Pods of a budget. */
export interface PodOwner {
  readonly reference: OwnerReference;
  /** The name of one of its Pods. */
  readonly podName: string;
}

/** The Pods that a PodDisruptionBudget selects, counted as they change. */
export class BudgetPods {
  readonly #pods = new Map<string, Stored<Pod>>();
  readonly #owners = new Map<string, PodOwner & { count: number }>();
  #healthy = 0;
  #unmanaged = 0;

  constructor(pods: Iterable<Stored<Pod>> = []) {
    for (const pod of pods) this.set(pod.metadata.uid, pod);
  }

  /** How many there are. */
  get count(): number {
    return this.#pods.size;
  }

  /** How many are ready and not being deleted. */
  get healthy(): number {
    return this.#healthy;
  }

  /** How many have no controller. */
  get unmanaged(): number {
    return this.#unmanaged;
  }

  /** The distinct controllers. */
  get owners(): Iterable<PodOwner> {
    return this.#owners.values();
  }

  has({ metadata }: Stored<Pod>): boolean {
    return this.#pods.has(metadata.uid);
  }

  /** The Pod of this uid as it is now; undefined if the budget has it no longer. */
  set(uid: string, pod: Stored<Pod> | undefined): void {
    const before = this.#pods.get(uid);
    if (before !== undefined) this.#count(before, -1);
    if (pod === undefined) this.#pods.delete(uid);
    else {
      this.#pods.set(uid, pod);
      this.#count(pod, 1);
    }
  }

  #count(pod: Stored<Pod>, change: 1 | -1): void {
    if (isHealthy(pod)) this.#healthy += change;
    const reference = controllerOf(pod);
    if (reference === undefined) {
      this.#unmanaged += change;
      return;
    }
    const owner = this.#owners.get(reference.uid) ?? { reference, podName: pod.metadata.name, count: 0 };
    owner.count += change;
    if (owner.count === 0) this.#owners.delete(reference.uid);
    else this.#owners.set(reference.uid, owner);
  }
}

/** Whether a Pod counts for its budget: it is ready, and not being deleted. */
export function isHealthy(pod: Stored<Pod>): boolean {
  return pod.metadata.deletionTimestamp === undefined && isReady(pod);
}
