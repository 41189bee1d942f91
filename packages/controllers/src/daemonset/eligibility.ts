import type { Node, PodSpec, Stored, Toleration } from '@orrery/api';
import { nodeAllows } from '../scheduler/node-selector.ts';
import { untoleratedTaint } from '../scheduler/tolerations.ts';
import { semanticEqual } from '../workload/semantic-equal.ts';

/** What a node means to a DaemonSet. */
export interface Eligibility {
  /** A Pod is to run here. */
  readonly run: boolean;
  /** A Pod that is here already may stay: taints that only keep new Pods away do not end it. */
  readonly stay: boolean;
}

const ineligible: Eligibility = { run: false, stay: false };

/** Whether a DaemonSet's Pod of this spec (see {@link daemonPodSpec}) runs on a node. */
export function eligibility(spec: PodSpec, { metadata, spec: node }: Stored<Node>): Eligibility {
  if (spec.nodeName !== undefined && spec.nodeName !== '' && spec.nodeName !== metadata.name) return ineligible;
  if (!nodeAllows(spec, metadata.name, metadata.labels)) return ineligible;
  const [taints, tolerations] = [node.taints ?? [], spec.tolerations ?? []];
  if (untoleratedTaint(taints, tolerations, ['NoSchedule', 'NoExecute']) === undefined)
    return { run: true, stay: true };
  return { run: false, stay: untoleratedTaint(taints, tolerations, ['NoExecute']) === undefined };
}

/** The spec of a DaemonSet's Pods: that of its template, with the tolerations that all daemons have. */
export function daemonPodSpec(template: PodSpec): PodSpec {
  let tolerations = template.tolerations ?? [];
  for (const toleration of daemonTolerations) tolerations = tolerating(tolerations, toleration);
  if (template.hostNetwork === true)
    tolerations = tolerating(tolerations, toleration('network-unavailable', 'NoSchedule'));
  return { ...template, tolerations };
}

/** Daemons stay on nodes in trouble, and start on those that take no other Pods. */
const daemonTolerations = [
  toleration('not-ready', 'NoExecute'),
  toleration('unreachable', 'NoExecute'),
  toleration('disk-pressure', 'NoSchedule'),
  toleration('memory-pressure', 'NoSchedule'),
  toleration('pid-pressure', 'NoSchedule'),
  toleration('unschedulable', 'NoSchedule'),
];

function toleration(taint: string, effect: 'NoExecute' | 'NoSchedule'): Toleration {
  return { key: `node.kubernetes.io/${taint}`, operator: 'Exists', effect };
}

/** Adds a toleration, or puts it in the place of one of the same key, operator, value and effect. */
function tolerating(tolerations: readonly Toleration[], added: Toleration): readonly Toleration[] {
  const identity = ({ key, operator, value, effect }: Toleration) => ({ key, operator, value, effect });
  const at = tolerations.findIndex((one) => semanticEqual(identity(one), identity(added)));
  return at < 0 ? [...tolerations, added] : tolerations.with(at, added);
}
