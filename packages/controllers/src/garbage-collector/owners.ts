import type { OwnerReference } from '@orrery/api';

/** How an owner is found: there, there but only until its dependents are gone, absent, or unknown. */
export type OwnerState = 'solid' | 'waitingForDependents' | 'absent' | 'unknown';

/** An object's owner references by the state of the owners (Kubernetes "Garbage Collection"). */
export interface ClassifiedOwners {
  readonly solid: readonly OwnerReference[];
  readonly dangling: readonly OwnerReference[];
  readonly waiting: readonly OwnerReference[];
}

/** Sorts owner references. An owner that cannot be looked up counts as solid: what is not known is not collected. */
export function classifyOwners(
  references: readonly OwnerReference[],
  stateOf: (reference: OwnerReference) => OwnerState,
): ClassifiedOwners {
  const solid: OwnerReference[] = [];
  const dangling: OwnerReference[] = [];
  const waiting: OwnerReference[] = [];
  for (const reference of references) {
    const state = stateOf(reference);
    if (state === 'absent') dangling.push(reference);
    else if (state === 'waitingForDependents') waiting.push(reference);
    else solid.push(reference);
  }
  return { solid, dangling, waiting };
}

type PropagationPolicy = 'Orphan' | 'Foreground' | 'Background';

/** Decides what to do with an object by its owners. */
export type Collection =
  | { readonly type: 'keep' }
  /** Some owner is left: the references to the others go. */
  | { readonly type: 'unlink'; readonly remaining: readonly OwnerReference[] }
  | {
      readonly type: 'delete';
      readonly policy: PropagationPolicy;
      /** The object must not hold up its owners any more: they and it would wait for each other. */
      readonly unblocksOwners: boolean;
    };

/** What an object's dependents are like: there are none, some, or some that wait for dependents of their own. */
export type Dependents = 'none' | 'some' | 'waiting';

/** Decides over an object with owners. Its dependents are asked for only where they matter. */
export function collectionOf(
  { solid, dangling, waiting }: ClassifiedOwners,
  finalizers: readonly string[],
  dependentsOf: () => Dependents,
): Collection {
  if (solid.length > 0) {
    return dangling.length + waiting.length === 0 ? { type: 'keep' } : { type: 'unlink', remaining: solid };
  }
  const dependents = waiting.length > 0 ? dependentsOf() : 'none';
  if (dependents !== 'none') return { type: 'delete', policy: 'Foreground', unblocksOwners: dependents === 'waiting' };
  const policy = finalizers.includes('orphan')
    ? 'Orphan'
    : finalizers.includes('foregroundDeletion')
      ? 'Foreground'
      : 'Background';
  return { type: 'delete', policy, unblocksOwners: false };
}
