import { builtinSchedulerPlugins } from './builtin-plugins.ts';
import type { ClusterState } from './cluster-state.ts';
import type { ClusterChange, SchedulerPlugin } from './plugin.ts';
import { interPodAffinity, podTopologySpread } from './plugins/index.ts';
import type { Interests, QueuedPod } from './scheduling-queue.ts';

/** Which changes may help which Pods, by the plugins that rejected them (Kubernetes' queueing hints, KEP-4247). */
export class RetryHints implements Interests {
  readonly #plugins: ReadonlyMap<string, SchedulerPlugin>;
  readonly #cluster: ClusterState;

  constructor(plugins: readonly SchedulerPlugin[], cluster: ClusterState) {
    this.#plugins = new Map(plugins.map((plugin) => [plugin.name, plugin]));
    this.#cluster = cluster;
  }

  /** Whether the Pod is worth another try: one of the plugins that rejected it says so, or nobody can tell. */
  mayHelp(change: ClusterChange, { pod, rejectedBy }: QueuedPod): boolean {
    if (rejectedBy.size === 0) return true;
    for (const name of rejectedBy) {
      const plugin = this.#plugins.get(name);
      if (plugin?.retryOn === undefined || plugin.retryOn(change, pod, this.#cluster)) return true;
    }
    return false;
  }

  /** What the hints of built-in plugins look at; for other plugins, each Pod is a class of its own. */
  classOf({ pod, rejectedBy }: QueuedPod): string {
    const names = [...rejectedBy].sort();
    if (names.some((name) => !builtinSchedulerPlugins.includes(this.#plugins.get(name) as SchedulerPlugin)))
      return pod.uid;
    const { affinity, topologySpreadConstraints } = pod.pod.spec;
    const looks = [
      affinity?.podAffinity,
      affinity?.podAntiAffinity,
      topologySpreadConstraints,
      pod.pod.metadata.labels,
    ];
    return JSON.stringify([
      names,
      pod.namespace,
      [...pod.requests],
      pod.hostPorts,
      looksBeyondNode(names) ? looks : [],
    ]);
  }

  typesOf({ rejectedBy }: QueuedPod): ReadonlySet<ClusterChange['type']> | undefined {
    const types = new Set<ClusterChange['type']>();
    for (const name of rejectedBy) {
      const plugin = this.#plugins.get(name);
      if (plugin?.retryOn === undefined || plugin.retryOnTypes === undefined) return undefined;
      for (const type of plugin.retryOnTypes) types.add(type);
    }
    return rejectedBy.size === 0 ? undefined : types;
  }
}

/** Whether the hints of one of these plugins look at the Pod's labels and terms. */
function looksBeyondNode(names: readonly string[]): boolean {
  return names.includes(podTopologySpread.name) || names.includes(interPodAffinity.name);
}
