import type { Taint } from '@orrery/api';
import type { Duration, Milliseconds } from '@orrery/core';
import { milliseconds } from '@orrery/core';
import type { ContainerRuntime } from '@orrery/runtimes';
import { ProjectedVolumes } from '../secret-projector/index.ts';
import { defaultEvictionHard, type EvictionHard } from './node/eviction-thresholds.ts';

/** Amounts of a node's resources, as quantities: `cpu`, `memory`, `ephemeral-storage`, `pods`. */
export type NodeResources = { readonly [resource: string]: string };

/** What makes a kubelet: its node, and the runtime that runs the node's containers. */
export interface KubeletOptions {
  readonly nodeName: string;
  readonly runtime: ContainerRuntime;
  /** Shared with the node's secret projector, which makes the volumes that hold projected data. */
  readonly volumes?: ProjectedVolumes;
  /** Default: 4 CPUs, 8 GiB of memory, 100 GiB of storage, 110 Pods. A named amount replaces the default of that name. */
  readonly capacity?: NodeResources;
  /** What Pods may use. Default: the capacity. */
  readonly allocatable?: NodeResources;
  /** More labels for the Node. */
  readonly labels?: { readonly [key: string]: string };
  readonly annotations?: { readonly [key: string]: string };
  /** Taints that the Node is registered with. */
  readonly taints?: readonly Taint[];
  /** Address of the node. Default `127.0.0.1`. */
  readonly nodeIp?: string;
  /** Range of the Pods' addresses (`spec.podCIDR`). */
  readonly podCidr?: string;
  /** Addresses of the cluster's DNS Service. Default: none, so that Pods use the node's resolver. */
  readonly clusterDns?: readonly string[];
  /** Default `cluster.local`. */
  readonly clusterDomain?: string;
  /** The longest that a Pod goes without being looked at. Default 1 min; events bring a Pod's turn at once. */
  readonly syncPeriod?: Duration;
  /** The node is looked at, and its status written on change, so often. Default 10 s. */
  readonly nodeStatusUpdateFrequency?: Duration;
  /** Node heartbeats without a change. Default 5 min. */
  readonly nodeStatusReportFrequency?: Duration;
  /** Life of the node's Lease in seconds; it is renewed four times in that span. Default 40. */
  readonly leaseDurationSeconds?: number;
  /** The longest wait before a container that keeps failing is started again (`crashLoopBackOff.maxContainerRestartPeriod`). Default 5 min. */
  readonly maxContainerRestartPeriod?: Duration;
  /** How often storage limits (emptyDir `sizeLimit`, ephemeral-storage limits) are checked. Default 10 s. */
  readonly storageCheckPeriod?: Duration;
  /** How little may be left on the node before Pods are evicted. A named threshold replaces Kubernetes' default of that name. */
  readonly evictionHard?: EvictionHard;
  /** How long a condition of pressure stays after the pressure has gone. Default 5 min. */
  readonly evictionPressureTransitionPeriod?: Duration;
  /** How long the Pods of a machine that is shut down have to end. Default 30 s; 0 gives them no notice. */
  readonly shutdownGracePeriod?: Duration;
  /** The last part of it, which critical Pods have for themselves. Default 10 s. */
  readonly shutdownGracePeriodCriticalPods?: Duration;
  /** Names of the operating system and the machine in labels and nodeInfo. Default `linux` and `amd64`. */
  readonly operatingSystem?: string;
  readonly architecture?: string;
}

/** The options with all defaults put in, durations in milliseconds. */
export interface KubeletSettings {
  readonly nodeName: string;
  readonly runtime: ContainerRuntime;
  readonly volumes: ProjectedVolumes;
  readonly capacity: NodeResources;
  readonly allocatable: NodeResources;
  readonly labels: { readonly [key: string]: string };
  readonly annotations: { readonly [key: string]: string };
  readonly taints: readonly Taint[];
  readonly nodeIp: string;
  readonly podCidr: string | undefined;
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  readonly syncPeriod: Milliseconds;
  readonly nodeStatusUpdateFrequency: Milliseconds;
  readonly nodeStatusReportFrequency: Milliseconds;
  readonly leaseDurationSeconds: number;
  readonly maxContainerRestartPeriod: Milliseconds;
  readonly storageCheckPeriod: Milliseconds;
  readonly evictionHard: EvictionHard;
  readonly evictionPressureTransitionPeriod: Milliseconds;
  readonly shutdownGracePeriod: Milliseconds;
  readonly shutdownGracePeriodCriticalPods: Milliseconds;
  readonly operatingSystem: string;
  readonly architecture: string;
}

/** The version of Kubernetes that this kubelet behaves like. */
export const kubeletVersion = 'v1.35.0';

const defaultCapacity: NodeResources = { cpu: '4', memory: '8Gi', 'ephemeral-storage': '100Gi', pods: '110' };

/** Puts the defaults in. */
export function kubeletSettings(options: KubeletOptions): KubeletSettings {
  const capacity = { ...defaultCapacity, ...options.capacity };
  return {
    nodeName: options.nodeName,
    runtime: options.runtime,
    volumes: options.volumes ?? new ProjectedVolumes(),
    capacity,
    allocatable: { ...capacity, ...options.allocatable },
    labels: options.labels ?? {},
    annotations: options.annotations ?? {},
    taints: options.taints ?? [],
    nodeIp: options.nodeIp ?? '127.0.0.1',
    podCidr: options.podCidr,
    clusterDns: options.clusterDns ?? [],
    clusterDomain: options.clusterDomain ?? 'cluster.local',
    syncPeriod: milliseconds(options.syncPeriod ?? '1m'),
    nodeStatusUpdateFrequency: milliseconds(options.nodeStatusUpdateFrequency ?? '10s'),
    nodeStatusReportFrequency: milliseconds(options.nodeStatusReportFrequency ?? '5m'),
    leaseDurationSeconds: options.leaseDurationSeconds ?? 40,
    maxContainerRestartPeriod: milliseconds(options.maxContainerRestartPeriod ?? '5m'),
    storageCheckPeriod: milliseconds(options.storageCheckPeriod ?? '10s'),
    evictionHard: { ...defaultEvictionHard, ...options.evictionHard },
    evictionPressureTransitionPeriod: milliseconds(options.evictionPressureTransitionPeriod ?? '5m'),
    shutdownGracePeriod: milliseconds(options.shutdownGracePeriod ?? '30s'),
    shutdownGracePeriodCriticalPods: milliseconds(options.shutdownGracePeriodCriticalPods ?? '10s'),
    operatingSystem: options.operatingSystem ?? 'linux',
    architecture: options.architecture ?? 'amd64',
  };
}

/**
 * Field selectors for the kinds of which a kubelet and its secret projector may see only their node's objects: what their
 * cache is to be restricted by.
 */
export function kubeletCacheSelectors(nodeName: string): { readonly [kind: string]: string } {
  return { Pod: `spec.nodeName=${nodeName}`, Node: `metadata.name=${nodeName}` };
}
