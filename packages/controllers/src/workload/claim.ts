import {
  controllerOf,
  controllerReference,
  hasReason,
  isNotFound,
  type Kind,
  type KubernetesObject,
  keyOf,
  type LabelSelector,
  labelSelectorMatcher,
  type Stored,
} from '@orrery/api';
import type { Client } from '@orrery/core';

/** What to do with an object that may belong to a controller. */
export type ClaimDecision = 'keep' | 'adopt' | 'release' | 'ignore';

/** Decides whether `object` is the owner's: by its controller reference, and by the owner's selector. */
export function claimDecision(
  object: KubernetesObject,
  owner: Stored,
  selector: LabelSelector | undefined,
): ClaimDecision {
  const controller = controllerOf(object);
  const matches = labelSelectorMatcher(selector).matches(object.metadata?.labels ?? {});
  if (controller !== undefined) {
    if (controller.uid !== owner.metadata.uid) return 'ignore';
    if (matches) return 'keep';
    return owner.metadata.deletionTimestamp === undefined ? 'release' : 'ignore';
  }
  if (!matches || owner.metadata.deletionTimestamp !== undefined) return 'ignore';
  return object.metadata?.deletionTimestamp === undefined ? 'adopt' : 'ignore';
}

/**
 * The objects among `candidates` that belong to `owner`, after orphans that match are adopted and owned ones that no longer
 * match are released. Those that belong to it have the `finalizers`: adopting adds them, releasing removes them.
 * @throws StatusError when a write is refused for another reason than that the object is gone.
 */
export async function claim<T extends KubernetesObject>(
  client: Client,
  ownerKind: Kind,
  owner: Stored,
  selector: LabelSelector | undefined,
  childKind: Kind<T>,
  candidates: Iterable<Stored<T>>,
  finalizers: readonly string[] = [],
): Promise<Stored<T>[]> {
  const claimed: Stored<T>[] = [];
  let ownerIsCurrent: boolean | undefined;
  for (const object of candidates) {
    const decision = claimDecision(object, owner, selector);
    if (decision === 'keep') claimed.push(object);
    else if (decision === 'release') await release(client, owner, childKind, object, finalizers);
    else if (decision === 'adopt') {
      // The owner may be gone already although the cache still has it: then nothing must be adopted.
      ownerIsCurrent ??= await isCurrent(client, ownerKind, owner);
      const adopted = ownerIsCurrent ? await adopt(client, ownerKind, owner, childKind, object, finalizers) : undefined;
      if (adopted !== undefined) claimed.push(adopted);
    }
  }
  return claimed;
}

async function isCurrent(client: Client, kind: Kind, owner: Stored): Promise<boolean> {
  try {
    const live = await client.get(kind, keyOf(owner));
    return live.metadata.uid === owner.metadata.uid && live.metadata.deletionTimestamp === undefined;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

async function adopt<T extends KubernetesObject>(
  client: Client,
  ownerKind: Kind,
  owner: Stored,
  kind: Kind<T>,
  object: Stored<T>,
  finalizers: readonly string[],
): Promise<Stored<T> | undefined> {
  const patch = {
    metadata: {
      ownerReferences: [controllerReference(ownerKind, owner)],
      uid: object.metadata.uid,
      ...(finalizers.length === 0 ? {} : { finalizers }),
    },
  };
  try {
    return await client.patch(kind, keyOf(object), { type: 'strategic', patch });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function release<T extends KubernetesObject>(
  client: Client,
  owner: Stored,
  kind: Kind<T>,
  object: Stored<T>,
  finalizers: readonly string[],
): Promise<void> {
  const patch = {
    metadata: {
      ownerReferences: [{ $patch: 'delete', uid: owner.metadata.uid }],
      uid: object.metadata.uid,
      ...(finalizers.length === 0 ? {} : { '$deleteFromPrimitiveList/finalizers': finalizers }),
    },
  };
  try {
    await client.patch(kind, keyOf(object), { type: 'strategic', patch });
  } catch (error) {
    // Gone, or another object of that name by now: there is nothing left to release.
    if (!isNotFound(error) && !hasReason(error, 'Invalid')) throw error;
  }
}
