import type { PodSpec } from '@orrery/api';
import type { ContainerConfig, ContainerEvent, ContainerRuntime, MachineProvider, Machines } from '@orrery/runtimes';
import { overriding } from '../machines/overriding.ts';
import { wrapRuntimes } from '../machines/wrap-runtimes.ts';
import { podUid } from './pod-history.ts';

/** What {@link ContainerHistory} needs. */
export interface ContainerHistoryOptions {
  /** The spec of a Pod by its uid, as the API has it: `PodHistory.spec`. Pods of which it knows nothing are not checked. */
  spec(uid: string): PodSpec | undefined;
}

/**
 * Checks every container that a kubelet makes and starts against the spec of its Pod: it has the mounts that it asks for, starts in
 * a sandbox that is ready and never beside itself, and after the init containers before it (Kubernetes "Init Containers"). Give
 * the cluster its {@link machines}. For runtimes that answer at once, as simulated ones do.
 */
export class ContainerHistory {
  /** What was wrong, for people. */
  readonly problems: string[] = [];
  readonly #options: ContainerHistoryOptions;
  /** By sandbox: what has started in it, and what has succeeded. */
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
  if (answer instanceof Promise) throw new Error('a runtime whose containers are checked answers at once');
  return answer;
}
