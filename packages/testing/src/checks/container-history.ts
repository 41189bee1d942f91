import type { PodSpec } from '@orrery/api';
import type { ContainerConfig, ContainerEvent, ContainerRuntime, MachineProvider, Machines } from '@orrery/runtimes';
import { overriding } from '../machines/overriding.ts';
import { wrapRuntimes } from '../machines/wrap-runtimes.ts';
import { podUid } from './pod-history.ts';

/** The dependencies of {@link ContainerHistory}. */
export interface ContainerHistoryOptions {
  /** Returns the spec of a Pod in the API by its uid: `PodHistory.spec`. Unknown Pods are not checked. */
  spec(uid: string): PodSpec | undefined;
}

/**
 * Checks every container that a kubelet creates and starts against the spec of its Pod: it has the mounts of its spec, starts in
 * a ready sandbox, never runs twice at once, and starts after the init containers before it (Kubernetes "Init Containers"). Pass
 * {@link machines} to the cluster. Only for synchronous runtimes, such as the simulated one.
 */
export class ContainerHistory {
  /** The violations, as text. */
  readonly problems: string[] = [];
  readonly #options: ContainerHistoryOptions;
  /** By sandbox: the containers that have started in it, and those that have succeeded. */
  readonly #started = new Map<string, Set<string>>();
  readonly #succeeded = new Map<string, Set<string>>();

  constructor(options: ContainerHistoryOptions) {
    this.#options = options;
  }

  /** Machines whose containers are checked. */
  machines<M extends Machines>(provider: MachineProvider<M>): MachineProvider<M> {
    return wrapRuntimes(provider, (runtime) => {
      runtime.events().subscribe((event) => this.#take(runtime, event));
      return overriding<ContainerRuntime>(runtime, {
        createContainer: (sandboxId, config) => {
          this.#checkMounts(config);
          return runtime.createContainer(sandboxId, config);
        },
      });
    });
  }

  #checkMounts({ labels, metadata, mounts }: ContainerConfig): void {
    const spec = this.#options.spec(labels[podUid] ?? '');
    if (spec === undefined) return;
    const container = [...(spec.initContainers ?? []), ...spec.containers].find(({ name }) => name === metadata.name);
    const asked = (container?.volumeMounts ?? []).map(({ mountPath }) => mountPath);
    const given = mounts.map(({ containerPath }) => containerPath);
    const expected = [...asked, '/etc/hosts', '/dev/termination-log'];
    if (given.toSorted().join() !== expected.toSorted().join())
      this.problems.push(`${metadata.name} has the mounts ${given}`);
  }

  #take(runtime: ContainerRuntime, { type, containerId, sandboxId }: ContainerEvent): void {
    if (containerId === sandboxId || (type !== 'STARTED' && type !== 'STOPPED')) return;
    const { metadata, exitCode } = atOnce(runtime.containerStatus(containerId));
    if (type === 'STARTED') this.#checkStart(runtime, metadata.name, sandboxId);
    else if (exitCode === 0) setOf(this.#succeeded, sandboxId).add(metadata.name);
  }

  #checkStart(runtime: ContainerRuntime, name: string, sandboxId: string): void {
    const sandbox = atOnce(runtime.podSandboxStatus(sandboxId));
    const { name: pod, uid } = sandbox.metadata;
    if (sandbox.state !== 'READY') this.problems.push(`${name} of ${pod} started without its sandbox`);
    const twins = atOnce(runtime.listContainers()).filter(
      (one) => one.metadata.name === name && one.labels[podUid] === uid && one.state === 'RUNNING',
    );
    if (twins.length > 1) this.problems.push(`two instances of ${name} of ${pod} run`);
    const started = setOf(this.#started, sandboxId);
    const again = started.has(name);
    started.add(name);
    if (!again) this.#checkOrder(name, pod, sandboxId, this.#options.spec(uid));
  }

  #checkOrder(name: string, pod: string, sandboxId: string, spec: PodSpec | undefined): void {
    for (const before of spec?.initContainers ?? []) {
      if (before.name === name) break;
      const done = before.restartPolicy === 'Always' ? this.#started : this.#succeeded;
      if (!setOf(done, sandboxId).has(before.name))
        this.problems.push(`${name} of ${pod} started before ${before.name} was done`);
    }
  }
}

function setOf(map: Map<string, Set<string>>, key: string): Set<string> {
  const set = map.get(key) ?? new Set();
  map.set(key, set);
  return set;
}

function atOnce<T>(answer: T | Promise<T>): T {
  if (answer instanceof Promise) throw new Error('containers can be checked only on a synchronous runtime');
  return answer;
}
