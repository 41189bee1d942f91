import type { ContainerStatus, Pod, PodSpec } from '@orrery/api';
import type { WatchEvent } from '@orrery/core';
import type { ContainerRuntime } from '@orrery/runtimes';

/** What {@link PodHistory} checks besides the API. */
export interface PodHistoryOptions {
  /** Returns the runtime of a node, while it is on, to check that a Pod really has ended. Default: not checked. */
  readonly runtime?: (nodeName: string) => ContainerRuntime | undefined;
}

/**
 * Checks every Pod event against Kubernetes' rules of a Pod's lifecycle ("Pod Lifecycle"): a Pod stays on its node, ends permanently
 * and only when none of its containers runs, never decreases its restart counts, and is ready only if its containers are. Pass it
 * the events of a watch, in order:
 * `client.watch(Pod).subscribe((event) => history.take(event))`.
 */
export class PodHistory {
  /** The violations, as text. */
  readonly problems: string[] = [];
  readonly #options: PodHistoryOptions;
  /** By uid, like all maps below. */
  readonly #specs = new Map<string, PodSpec>();
  readonly #ends = new Map<string, string>();
  readonly #nodes = new Map<string, string>();
  /** By uid and container. */
  readonly #restarts = new Map<string, number>();

  constructor(options: PodHistoryOptions = {}) {
    this.#options = options;
  }

  /** The spec that a Pod was last seen with. */
  spec(uid: string): PodSpec | undefined {
    return this.#specs.get(uid);
  }

  take(event: WatchEvent<Pod>): void {
    if (event.type === 'BOOKMARK') return;
    const { metadata, spec, status } = event.object;
    const { uid, name } = metadata;
    this.#specs.set(uid, spec);
    this.#checkNode(uid, name, spec.nodeName);
    this.#checkPhase(uid, name, spec.nodeName, status?.phase, event.type === 'DELETED');
    const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
    for (const container of all) this.#checkContainer(uid, name, container);
    const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
    if (ready && status?.containerStatuses?.some((one) => !one.ready))
      this.problems.push(`${name} is ready, a container is not`);
  }

  #checkNode(uid: string, name: string, nodeName: string | undefined): void {
    const before = this.#nodes.get(uid);
    if (before !== undefined && before !== nodeName) this.problems.push(`${name} moved from ${before} to ${nodeName}`);
    if (nodeName !== undefined) this.#nodes.set(uid, nodeName);
  }

  #checkPhase(uid: string, name: string, node: string | undefined, phase: string | undefined, deleted: boolean): void {
    const end = this.#ends.get(uid);
    if (end !== undefined && phase !== end) this.problems.push(`phase ${end} of ${name} became ${phase}`);
    if (phase !== 'Succeeded' && phase !== 'Failed') return;
    if (end === undefined && !deleted && this.#runs(node ?? '', uid))
      this.problems.push(`${name} is ${phase} while it runs`);
    this.#ends.set(uid, phase);
  }

  #checkContainer(uid: string, pod: string, { name, restartCount, state = {} }: ContainerStatus): void {
    const key = `${uid}/${name}`;
    const before = this.#restarts.get(key) ?? 0;
    if (restartCount < before) this.problems.push(`restartCount of ${name} in ${pod} fell`);
    this.#restarts.set(key, restartCount);
    const states = Object.keys(state).length;
    if (states > 1) this.problems.push(`${name} in ${pod} has ${states} states`);
  }

  #runs(nodeName: string, uid: string): boolean {
    const containers = this.#options.runtime?.(nodeName)?.listContainers() ?? [];
    if (containers instanceof Promise) throw new Error('containers can be checked only on a synchronous runtime');
    return containers.some(({ labels, state }) => labels[podUid] === uid && state === 'RUNNING');
  }
}

/** The label by which the kubelet marks the sandboxes and containers of a Pod. */
export const podUid = 'io.kubernetes.pod.uid';
