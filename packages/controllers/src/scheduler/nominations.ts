import type { PodInfo } from './pod-info.ts';

const none: ReadonlyMap<string, PodInfo> = new Map();

/** Pods that wait for victims to leave a node (`status.nominatedNodeName`): they are promised its room. */
export class Nominations {
  readonly #changed: (node: string) => void;
  /** Node → uid → Pod. */
  readonly #byNode = new Map<string, Map<string, PodInfo>>();
  readonly #nodeOf = new Map<string, string>();

  /** `changed` is called with each node whose promises have changed. */
  constructor(changed: (node: string) => void) {
    this.#changed = changed;
  }

  /** Nodes that are promised to a Pod. */
  get nodes(): Iterable<string> {
    return this.#byNode.keys();
  }

  /** By uid, the Pods that a node is promised to. */
  on(node: string): ReadonlyMap<string, PodInfo> {
    return this.#byNode.get(node) ?? none;
  }

  nodeOf(uid: string): string | undefined {
    return this.#nodeOf.get(uid);
  }

  /** Promises a node to a Pod; an earlier promise to it is void. */
  put(pod: PodInfo, node: string): void {
    this.delete(pod.uid);
    this.#nodeOf.set(pod.uid, node);
    const pods = this.#byNode.get(node);
    if (pods === undefined) this.#byNode.set(node, new Map([[pod.uid, pod]]));
    else pods.set(pod.uid, pod);
    this.#changed(node);
  }

  delete(uid: string): void {
    const node = this.#nodeOf.get(uid);
    if (node === undefined) return;
    this.#nodeOf.delete(uid);
    const pods = this.#byNode.get(node);
    pods?.delete(uid);
    if (pods?.size === 0) this.#byNode.delete(node);
    this.#changed(node);
  }
}
