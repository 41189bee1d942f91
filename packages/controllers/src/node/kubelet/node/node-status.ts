import { conditionAfter, fnv1a32, type Node, timestamp } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import { type KubeletSettings, kubeletVersion } from '../options.ts';
import type { ConditionRow } from './node-health.ts';

type NodeStatus = NonNullable<Node['status']>;
type NodeCondition = NonNullable<NodeStatus['conditions']>[number];

/** Images of a node as its status lists them. */
export type NodeImages = NonNullable<NodeStatus['images']>;

/** The parts of a node's status that are not options of its kubelet. */
export interface NodeFacts {
  readonly images: NodeImages;
  readonly conditions: readonly ConditionRow[];
}

/** The whole `status` of a Node as it is to be written. What others have put into `old` stays. */
export function nodeStatus(
  settings: KubeletSettings,
  { images, conditions }: NodeFacts,
  old: NodeStatus | undefined,
  now: Milliseconds,
): NodeStatus {
  const { capacity, allocatable, nodeIp, nodeName, runtime, operatingSystem, architecture } = settings;
  return {
    ...old,
    addresses: [
      { type: 'InternalIP', address: nodeIp },
      { type: 'Hostname', address: nodeName },
    ],
    capacity: { ...old?.capacity, ...capacity },
    allocatable: { ...old?.allocatable, ...allocatable },
    conditions: mergeConditions(old?.conditions, conditions, now),
    daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } },
    images,
    nodeInfo: {
      architecture,
      bootID: identity(nodeName, 'boot'),
      containerRuntimeVersion: `${runtime.name}://${runtime.version}`,
      kernelVersion: '6.12.0',
      kubeProxyVersion: '',
      kubeletVersion,
      machineID: identity(nodeName, 'machine').replaceAll('-', ''),
      operatingSystem,
      osImage: 'Orrery',
      systemUUID: identity(nodeName, 'system'),
    },
  };
}

/** The Node that a kubelet registers. */
export function newNode(settings: KubeletSettings, status: NodeStatus): Node {
  const { nodeName, annotations, podCidr, taints } = settings;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: nodeName,
      labels: nodeLabels(settings),
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true', ...annotations },
    },
    spec: {
      ...(podCidr === undefined ? {} : { podCIDR: podCidr, podCIDRs: [podCidr] }),
      ...(taints.length === 0 ? {} : { taints: [...taints] }),
    },
    status,
  };
}

/** The labels that a kubelet gives its Node (Kubernetes "Well-Known Labels, Annotations and Taints"). */
export function nodeLabels({ nodeName, operatingSystem, architecture, labels }: KubeletSettings): {
  [key: string]: string;
} {
  return {
    'beta.kubernetes.io/arch': architecture,
    'beta.kubernetes.io/os': operatingSystem,
    'kubernetes.io/arch': architecture,
    'kubernetes.io/hostname': nodeName,
    'kubernetes.io/os': operatingSystem,
    ...labels,
  };
}

/** The node's conditions: those that the kubelet owns are as they are; others' are left alone. */
function mergeConditions(
  old: readonly NodeCondition[] | undefined,
  rows: readonly ConditionRow[],
  now: Milliseconds,
): NodeCondition[] {
  const owned = new Set(rows.map(([type]) => type));
  return [
    ...(old ?? []).filter(({ type }) => !owned.has(type)),
    ...rows.map(([type, status, reason, message]): NodeCondition => {
      const before = old?.find((condition) => condition.type === type);
      return conditionAfter(before, { type, status, lastHeartbeatTime: timestamp(now), reason, message }, now);
    }),
  ];
}

/** Whether the API shows the node as this kubelet reported it: not when the node controller found it silent. */
export function isReported(node: Node, rows: readonly ConditionRow[]): boolean {
  return rows.every(([type, status]) =>
    node.status?.conditions?.some((one) => one.type === type && one.status === status),
  );
}

/** An identifier that is the node's own and the same after every start. */
function identity(nodeName: string, what: string): string {
  let hex = '';
  for (let part = 0; part < 4; part++) {
    hex += fnv1a32(`${what}/${nodeName}/${part}`).toString(16).padStart(8, '0');
  }
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
