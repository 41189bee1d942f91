import type { Taint } from '@orrery/api';
import type { KubeletOptions } from '@orrery/controllers/node';
import type { MachineResources } from '@orrery/runtimes';
import { forbiddenNodeLabels } from '@orrery/server';

/** Amounts of resources, as quantities: `cpu`, `memory`, `pods`, `ephemeral-storage`, and extended resources. */
export type Resources = MachineResources;

/** The settings of a node's kubelet (KubeletConfiguration). */
export type KubeletConfiguration = Pick<
  KubeletOptions,
  | 'evictionHard'
  | 'evictionPressureTransitionPeriod'
  | 'maxContainerRestartPeriod'
  | 'shutdownGracePeriod'
  | 'shutdownGracePeriodCriticalPods'
>;

/** A node of the cluster. */
export interface NodeOptions {
  readonly name: string;
  readonly labels?: { readonly [key: string]: string };
  readonly taints?: readonly Taint[];
  /** The requested capacity; some machines ignore it. Default: 4 CPUs, 8 GiB of memory, 100 GiB of storage, 110 Pods. */
  readonly capacity?: Resources;
  /** What Pods may use of it. Default: all. */
  readonly allocatable?: Resources;
  /** The configuration of its kubelet. Default: Kubernetes' defaults. */
  readonly kubelet?: KubeletConfiguration;
}

/** Checks labels: a kubelet does not start with labels (`--node-labels`) that it may not set on its Node. @throws Error naming them */
export function checkNodeLabels({ name, labels = {} }: NodeOptions): void {
  const forbidden = forbiddenNodeLabels(labels);
  if (forbidden.length === 0) return;
  throw new Error(
    `node ${name}: unknown 'kubernetes.io' or 'k8s.io' labels: ${forbidden.join(', ')}; a node may not set them on itself: label it after it has registered`,
  );
}

/** Nodes named `node1` to `nodeN`. */
export function numberedNodes(count: number): readonly NodeOptions[] {
  return Array.from({ length: count }, (_, i) => ({ name: `node${i + 1}` }));
}
