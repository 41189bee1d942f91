import { DaemonSet, type Pod, type PodSpec, type PodTemplateSpec, type Stored } from '@orrery/api';
import { revisionHashLabel } from '../controller-history/revisions.ts';
import { podFromTemplate } from '../workload/pod-control.ts';
import { daemonPodSpec } from './eligibility.ts';

/** Annotation and label by which templates were told apart before there were revisions. */
const generationAnnotation = 'deprecated.daemonset.template.generation';
const generationLabel = 'pod-template-generation';

/** The Pod of a DaemonSet's present template for one node, to which the scheduler is bound to bring it. */
export function podForNode(set: Stored<DaemonSet>, hash: string, node: string): Pod {
  const { template } = set.spec;
  const generation = templateGeneration(set);
  const labels = {
    ...template.metadata?.labels,
    ...(generation === undefined ? {} : { [generationLabel]: generation }),
    [revisionHashLabel]: hash,
  };
  const spec = daemonPodSpec(template.spec ?? { containers: [] });
  const bound: PodTemplateSpec = {
    metadata: { ...template.metadata, labels },
    spec: { ...spec, affinity: affinityTo(node, spec.affinity) },
  };
  return podFromTemplate(DaemonSet, set, bound);
}

/** The node that a daemon's Pod is on, or is meant for; undefined where it says none. */
export function targetNode({ spec }: Pod): string | undefined {
  if (spec.nodeName !== undefined && spec.nodeName !== '') return spec.nodeName;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  for (const { matchFields = [] } of required?.nodeSelectorTerms ?? []) {
    const field = matchFields.find(({ key, operator }) => key === 'metadata.name' && operator === 'In');
    if (field !== undefined) return field.values?.length === 1 ? field.values[0] : undefined;
  }
  return undefined;
}

/** Whether a Pod is of the present template. */
export function isUpdated(set: DaemonSet, hash: string, { metadata: { labels } }: Pod): boolean {
  const generation = templateGeneration(set);
  return labels?.[revisionHashLabel] === hash || (generation !== undefined && labels?.[generationLabel] === generation);
}

/** Scheduled Pods first, then the oldest. */
export function byPrecedence(a: Stored<Pod>, b: Stored<Pod>): number {
  const scheduled = ({ spec: { nodeName = '' } }: Pod) => nodeName !== '';
  if (scheduled(a) !== scheduled(b)) return scheduled(a) ? -1 : 1;
  const [left, right] = [a.metadata, b.metadata];
  if (left.creationTimestamp !== right.creationTimestamp) {
    return left.creationTimestamp < right.creationTimestamp ? -1 : 1;
  }
  return left.name < right.name ? -1 : 1;
}

function templateGeneration({ metadata }: DaemonSet): string | undefined {
  const text = metadata.annotations?.[generationAnnotation];
  return text !== undefined && /^[-+]?\d+$/.test(text) ? String(Number(text)) : undefined;
}

function affinityTo(node: string, affinity: PodSpec['affinity']): PodSpec['affinity'] {
  const here = { matchFields: [{ key: 'metadata.name', operator: 'In' as const, values: [node] }] };
  return {
    ...affinity,
    nodeAffinity: {
      ...affinity?.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [here] },
    },
  };
}
