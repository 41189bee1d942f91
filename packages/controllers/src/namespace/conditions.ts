import { conditionAfter, type Namespace } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';

/** Objects of one resource that are still in the namespace, and the finalizers that hold some of them. */
export interface RemainingContent {
  /** `pods.`, `deployments.apps`: the resource and its group, as the messages print it. */
  readonly resource: string;
  readonly count: number;
  /** Finalizer → how many of these objects have it. */
  readonly finalizers: ReadonlyMap<string, number>;
}

type Condition = NonNullable<NonNullable<Namespace['status']>['conditions']>[number];

/** The conditions of a namespace that is being deleted, in Kubernetes' order; times of unchanged ones are kept. */
export function deletionConditions(
  before: readonly Condition[] | undefined,
  remaining: readonly RemainingContent[],
  failures: readonly string[],
  now: Milliseconds,
): Condition[] {
  const rows: readonly (readonly [string, boolean, string, string])[] = [
    ['NamespaceDeletionDiscoveryFailure', false, 'ResourcesDiscovered', 'All resources successfully discovered'],
    [
      'NamespaceDeletionGroupVersionParsingFailure',
      false,
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ],
    failures.length === 0
      ? [
          'NamespaceDeletionContentFailure',
          false,
          'ContentDeleted',
          'All content successfully deleted, may be waiting on finalization',
        ]
      : [
          'NamespaceDeletionContentFailure',
          true,
          'ContentDeletionFailed',
          `Failed to delete all resource types, ${failures.length} remaining: ${failures.join(', ')}`,
        ],
    remainingRow(remaining),
    finalizersRow(remaining),
  ];
  return rows.map(([type, isTrue, reason, message]) => {
    const status = isTrue ? 'True' : 'False';
    const current = before?.find((condition) => condition.type === type);
    return conditionAfter(current, { type, status, reason, message }, now);
  });
}

function remainingRow(remaining: readonly RemainingContent[]): readonly [string, boolean, string, string] {
  const type = 'NamespaceContentRemaining';
  const parts = remaining
    .filter(({ count }) => count > 0)
    .map(({ resource, count }) => `${resource} has ${count} resource instances`);
  return parts.length === 0
    ? [type, false, 'ContentRemoved', 'All content successfully removed']
    : [type, true, 'SomeResourcesRemain', `Some resources are remaining: ${parts.sort().join(', ')}`];
}

function finalizersRow(remaining: readonly RemainingContent[]): readonly [string, boolean, string, string] {
  const type = 'NamespaceFinalizersRemaining';
  const counts = new Map<string, number>();
  for (const { finalizers } of remaining) {
    for (const [name, count] of finalizers) counts.set(name, (counts.get(name) ?? 0) + count);
  }
  const parts = [...counts].map(([name, count]) => `${name} in ${count} resource instances`);
  return parts.length === 0
    ? [type, false, 'ContentHasNoFinalizers', 'All content-preserving finalizers finished']
    : [
        type,
        true,
        'SomeFinalizersRemain',
        `Some content in the namespace has finalizers remaining: ${parts.sort().join(', ')}`,
      ];
}
