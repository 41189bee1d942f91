import { controllerReference, type PersistentVolumeClaim, Pod, StatefulSet, type Stored } from '@orrery/api';
import { claimName, isWanted } from './identity.ts';

type References = NonNullable<Stored['metadata']['ownerReferences']>;

/** The claims that a set's templates make for an ordinal. */
export function claimsOf(set: Stored<StatefulSet>, ordinal: number): readonly PersistentVolumeClaim[] {
  return (set.spec.volumeClaimTemplates ?? []).map((template) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      ...template.metadata,
      name: claimName(set, template.metadata?.name ?? '', ordinal),
      namespace: set.metadata.namespace ?? '',
      labels: { ...template.metadata?.labels, ...set.spec.selector?.matchLabels },
    },
    spec: template.spec ?? {},
  }));
}

/** What a claim's owners tell of it. */
export interface ClaimOwners {
  /** The owners that it is to have; undefined if those that it has are right. */
  readonly references: References | undefined;
  /** Somebody else manages the claim, so the policy is not applied to it. */
  readonly conflict: boolean;
}

/**
 * Whose deletion deletes a claim (`persistentVolumeClaimRetentionPolicy`): the set's with `whenDeleted: Delete`, the Pod's with
 * `whenScaled: Delete` once the Pod is one too many.
 */
export function claimOwners(set: Stored<StatefulSet>, pod: Stored<Pod>, ordinal: number, claim: Stored): ClaimOwners {
  const { whenDeleted = 'Retain', whenScaled = 'Retain' } = set.spec.persistentVolumeClaimRetentionPolicy ?? {};
  const references = claim.metadata.ownerReferences ?? [];
  const others = references.filter((one) => !names(one, StatefulSet, set) && !names(one, Pod, pod));
  const isOurs = ({ uid }: References[number]) => uid === set.metadata.uid || uid === pod.metadata.uid;
  const ours = references.filter(isOurs);
  const isStale = references.some((one) => (names(one, StatefulSet, set) || names(one, Pod, pod)) && !isOurs(one));
  const applies = whenDeleted === 'Delete' || whenScaled === 'Delete';
  const conflict = applies && (isStale || others.some(({ controller }) => controller === true));
  if (isStale) return { references: undefined, conflict };
  if (conflict) return { references: ours.length > 0 ? others : undefined, conflict };

  const isExcess = whenScaled === 'Delete' && !isWanted(set, ordinal);
  const wanted: References[number][] = [];
  if (whenDeleted === 'Delete' && !isExcess) wanted.push(controllerReference(StatefulSet, set));
  if (isExcess) wanted.push(controllerReference(Pod, pod));
  const isRight =
    ours.every(({ controller }) => controller === true) &&
    ours.length === wanted.length &&
    wanted.every(({ uid }) => ours.some((one) => one.uid === uid));
  return { references: isRight ? undefined : [...others, ...wanted], conflict };
}

/** Whether the claim still goes with an earlier Pod of that name. */
export function goesWithEarlierPod(claim: Stored, podName: string): boolean {
  return (claim.metadata.ownerReferences ?? []).some(({ kind, apiVersion, name }) => {
    return kind === Pod.kind && apiVersion === 'v1' && name === podName;
  });
}

function names(
  { apiVersion, kind, name }: References[number],
  of: typeof Pod | typeof StatefulSet,
  { metadata }: Stored,
): boolean {
  return apiVersion === of.apiVersion && kind === of.kind && name === metadata.name;
}
