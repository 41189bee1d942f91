import type { ClusterChange } from './plugin.ts';
import type { Interests, QueuedPod } from './scheduling-queue.ts';

type ChangeType = ClusterChange['type'];

/** Pods that the same changes help. */
interface ParkedClass<P> {
  readonly pods: Set<P>;
  /** Undefined: all. */
  readonly types: ReadonlySet<ChangeType> | undefined;
}

const allTypes: readonly ChangeType[] = ['nodeAdded', 'nodeChanged', 'podPlaced', 'podChanged', 'podGone'];

/**
 * Pods that wait for a change, by class and by the types of changes that may help. A change is held against one Pod of each class
 * that its type may help: what it costs does not grow with the number of equal Pods, or with Pods that it does not concern.
 */
export class ParkedPods<P extends QueuedPod> {
  readonly #interests: Interests;
  readonly #classes = new Map<string, ParkedClass<P>>();
  readonly #byType = new Map<ChangeType, Set<ParkedClass<P>>>(allTypes.map((type) => [type, new Set()]));
  readonly #keys = new Map<P, string>();

  constructor(interests: Interests) {
    this.#interests = interests;
  }

  add(pod: P): void {
    const key = this.#interests.classOf(pod);
    let found = this.#classes.get(key);
    if (found === undefined) {
      found = { pods: new Set(), types: this.#interests.typesOf(pod) };
      this.#classes.set(key, found);
      for (const type of found.types ?? allTypes) this.#byType.get(type)?.add(found);
    }
    found.pods.add(pod);
    this.#keys.set(pod, key);
  }

  delete(pod: P): void {
    const key = this.#keys.get(pod);
    if (key === undefined) return;
    this.#keys.delete(pod);
    const found = this.#classes.get(key);
    found?.pods.delete(pod);
    if (found === undefined || found.pods.size > 0) return;
    this.#classes.delete(key);
    for (const type of found.types ?? allTypes) this.#byType.get(type)?.delete(found);
  }

  /** Of each class that this type of change may help: one Pod, and all. */
  *interestedIn({ type }: ClusterChange): Generator<readonly [P, Iterable<P>]> {
    for (const { pods } of this.#byType.get(type) ?? []) {
      for (const first of pods) {
        yield [first, pods];
        break;
      }
    }
  }
}
