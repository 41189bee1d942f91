import type { Pod, ResourceQuota } from '../kinds.ts';
import type { KubernetesObject } from '../object.ts';
import { qosClass } from '../qos-class.ts';
import { type ResourceKind, trackedBy } from './tracked.ts';

type Spec = NonNullable<ResourceQuota['spec']>;
type Requirement = NonNullable<NonNullable<Spec['scopeSelector']>['matchExpressions']>[number];

/** Whether a quota counts an object: it limits something of its kind, and the object is in all its scopes. Only Pods are in scopes. */
export function quotaApplies(spec: Spec, { group, resource }: ResourceKind, object: KubernetesObject): boolean {
  const tracks = Object.keys(spec.hard ?? {}).some((name) => {
    const kind = trackedBy(name);
    return kind?.resource === resource && kind.group === group;
  });
  if (!tracks) return false;
  const scopes = [
    ...(spec.scopes ?? []).map((scopeName): Requirement => ({ scopeName, operator: 'Exists' })),
    ...(spec.scopeSelector?.matchExpressions ?? []),
  ];
  const isPod = group === '' && resource === 'pods';
  return scopes.every((scope) => isPod && isIn(scope, object as Pod));
}

function isIn(scope: Requirement, pod: Pod): boolean {
  const terminating = (pod.spec.activeDeadlineSeconds ?? -1) >= 0;
  switch (scope.scopeName) {
    case 'Terminating':
      return terminating;
    case 'NotTerminating':
      return !terminating;
    case 'BestEffort':
      return qosClass(pod) === 'BestEffort';
    case 'NotBestEffort':
      return qosClass(pod) !== 'BestEffort';
    case 'PriorityClass':
      return hasPriorityClass(scope, pod.spec.priorityClassName ?? '');
    case 'CrossNamespacePodAffinity':
      return looksAcrossNamespaces(pod);
    default:
      return false;
  }
}

function hasPriorityClass({ operator, values = [] }: Requirement, name: string): boolean {
  switch (operator) {
    case 'In':
      return name !== '' && values.includes(name);
    case 'NotIn':
      return name === '' || !values.includes(name);
    case 'DoesNotExist':
      return name === '';
    default:
      return name !== '';
  }
}

function looksAcrossNamespaces({ spec }: Pod): boolean {
  const terms = [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity].flatMap((affinity) => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ]);
  return terms.some(
    ({ namespaces = [], namespaceSelector }) => namespaces.length > 0 || namespaceSelector !== undefined,
  );
}
