import { equalJson, type Pod, type Taint, type Toleration } from '@orrery/api';
import { nodeAllows, termMatches } from '../node-selector.ts';
import { type ClusterChange, type Failure, normalized, type SchedulerPlugin } from '../plugin.ts';
import { tolerates, untoleratedTaint } from '../tolerations.ts';

const unresolvable = (reason: string): Failure => ({ reasons: [reason], unresolvable: true });

/** The node is cordoned. */
export const isUnschedulable = unresolvable('node(s) were unschedulable');
const unschedulableTaint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const;

/** A node with `spec.unschedulable` takes only Pods that tolerate it. */
export const nodeUnschedulable: SchedulerPlugin = {
  name: 'NodeUnschedulable',
  filter: ({ pod }) =>
    toleratesUnschedulable(pod) ? undefined : (node) => (node.unschedulable ? isUnschedulable : undefined),
  retryOnTypes: ['nodeAdded', 'nodeChanged'],
  retryOn: (change) =>
    change.type === 'nodeAdded' ||
    (change.type === 'nodeChanged' &&
      change.previous.spec?.unschedulable === true &&
      change.node.spec?.unschedulable !== true),
};

/** Whether a Pod may go to a cordoned node. */
export function toleratesUnschedulable({ spec }: Pod): boolean {
  return (spec.tolerations ?? []).some((toleration) => tolerates(toleration, unschedulableTaint));
}

/** The Pod names another node. */
export const isOtherNode = unresolvable("node(s) didn't match the requested node name");

/** A Pod that names its node goes there or nowhere. */
export const nodeName: SchedulerPlugin = {
  name: 'NodeName',
  filter({ pod }) {
    const wanted = pod.spec.nodeName;
    return wanted === undefined || wanted === ''
      ? undefined
      : (node) => (node.name === wanted ? undefined : isOtherNode);
  },
  retryOnTypes: ['nodeAdded'],
  retryOn: ({ type }) => type === 'nodeAdded',
};

/** A node's taints keep away Pods that do not tolerate them (Kubernetes "Taints and Tolerations"). */
export const taintToleration: SchedulerPlugin = {
  name: 'TaintToleration',
  weight: 3,
  filter({ pod }) {
    const tolerations = pod.spec.tolerations ?? [];
    return ({ taints }) => untoleratedFailure(taints, tolerations);
  },
  score({ pod }, _, nodes) {
    const tolerations = pod.spec.tolerations ?? [];
    return normalized(
      nodes.map(({ taints }) => untoleratedPreferences(taints, tolerations)),
      true,
    );
  },
  retryOnTypes: ['nodeAdded', 'nodeChanged'],
  retryOn: (change) => change.type === 'nodeAdded' || nodeChanged(change, (node) => node.spec?.taints),
};

/** What the first taint that keeps a Pod away makes of a node; undefined if none does. */
export function untoleratedFailure(taints: readonly Taint[], tolerations: readonly Toleration[]): Failure | undefined {
  if (taints.length === 0) return undefined;
  const taint = untoleratedTaint(taints, tolerations, ['NoSchedule', 'NoExecute']);
  return taint === undefined
    ? undefined
    : unresolvable(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`);
}

/** How many `PreferNoSchedule` taints are not tolerated. */
export function untoleratedPreferences(taints: readonly Taint[], tolerations: readonly Toleration[]): number {
  let untolerated = 0;
  for (const taint of taints) {
    if (taint.effect !== 'PreferNoSchedule') continue;
    const tolerated = tolerations.some(
      (toleration) =>
        (toleration.effect === undefined || toleration.effect === 'PreferNoSchedule') && tolerates(toleration, taint),
    );
    if (!tolerated) untolerated++;
  }
  return untolerated;
}

/** The node is not one of those that the Pod asks for. */
export const doesNotMatch = unresolvable("node(s) didn't match Pod's node affinity/selector");

/** `nodeSelector` and node affinity (Kubernetes "Assigning Pods to Nodes"). */
export const nodeAffinity: SchedulerPlugin = {
  name: 'NodeAffinity',
  weight: 2,
  filter({ pod: { spec } }) {
    const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    if (spec.nodeSelector === undefined && required === undefined) return undefined;
    return (node) => (nodeAllows(spec, node.name, node.labels) ? undefined : doesNotMatch);
  },
  score({ pod }, _, nodes) {
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    if (preferred.length === 0) return undefined;
    const sums = nodes.map((node) => {
      let sum = 0;
      for (const { weight, preference } of preferred) {
        if (weight > 0 && termMatches(preference, node.name, node.labels)) sum += weight;
      }
      return sum;
    });
    return normalized(sums);
  },
  retryOnTypes: ['nodeAdded', 'nodeChanged'],
  retryOn: (change) => change.type === 'nodeAdded' || nodeChanged(change, (node) => node.metadata.labels),
};

function nodeChanged(
  change: ClusterChange,
  part: (node: Extract<ClusterChange, { type: 'nodeChanged' }>['node']) => unknown,
): boolean {
  return change.type === 'nodeChanged' && !equalJson(part(change.node), part(change.previous));
}
