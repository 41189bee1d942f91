import { isConflict, isNotFound, type Kind, type KubernetesObject, keyOf, type Stored } from '@orrery/api';
import type { Client } from './client.ts';

/** What a controller with a finalizer does with an object as it is. */
export type FinalizerStep = 'add' | 'reconcile' | 'finalize' | 'leave';

/**
 * Decides it: an object is reconciled once it has the finalizer, finalized once it is being deleted, and left alone when it is
 * being deleted without the finalizer, because it was finalized already or never reconciled.
 */
export function finalizerStep({ metadata }: KubernetesObject, finalizer: string): FinalizerStep {
  const has = metadata?.finalizers?.includes(finalizer) === true;
  if (metadata?.deletionTimestamp === undefined) return has ? 'reconcile' : 'add';
  return has ? 'finalize' : 'leave';
}

/**
 * Adds a finalizer to an object, unless it has it. Others' finalizers are left as they are, whatever was known of them.
 * @returns the object with it; undefined if the object is gone, or is being deleted, when none can be added
 * @throws StatusError what the server refuses the write with; Conflict if others were faster each time
 */
export async function addFinalizer<T extends KubernetesObject>(
  client: Client,
  kind: Kind<T>,
  object: Stored<T>,
  finalizer: string,
): Promise<Stored<T> | undefined> {
  const left = await editFinalizers(client, kind, object, (current) =>
    finalizerStep(current, finalizer) === 'add' ? [...(current.metadata.finalizers ?? []), finalizer] : undefined,
  );
  return left !== undefined && finalizerStep(left, finalizer) === 'reconcile' ? left : undefined;
}

/**
 * Takes a finalizer off an object, if it has it. Others' finalizers are left as they are, whatever was known of them. That the
 * object is gone, or another one of its name is there, is no error: then nothing is left to be done.
 * @throws StatusError what the server refuses the write with; Conflict if others were faster each time
 */
export async function removeFinalizer<T extends KubernetesObject>(
  client: Client,
  kind: Kind<T>,
  object: Stored<T>,
  finalizer: string,
): Promise<void> {
  await editFinalizers(client, kind, object, ({ metadata: { finalizers = [] } }) =>
    finalizers.includes(finalizer) ? finalizers.filter((other) => other !== finalizer) : undefined,
  );
}

/** How often an edit is tried before its conflict is thrown (client-go's retry.DefaultRetry). */
const tries = 5;

/**
 * Writes what `edit` makes of an object's finalizers, only onto the state that it saw; nothing where it gives undefined. Gives
 * the object as it is then, undefined if it is gone.
 */
async function editFinalizers<T extends KubernetesObject>(
  client: Client,
  kind: Kind<T>,
  object: Stored<T>,
  edit: (current: Stored) => readonly string[] | undefined,
): Promise<Stored<T> | undefined> {
  const { uid } = object.metadata;
  let current = object;
  for (let attempt = 1; ; attempt++) {
    const finalizers = edit(current);
    if (finalizers === undefined) return current;
    const { resourceVersion } = current.metadata;
    const patch = { metadata: { uid, resourceVersion, finalizers } };
    try {
      return await client.patch(kind, keyOf(current), { type: 'merge', patch });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      if (!isConflict(error) || attempt === tries) throw error;
    }
    const latest = await client.get(kind, keyOf(current)).catch(undefinedIfNotFound);
    if (latest?.metadata.uid !== uid) return undefined;
    current = latest;
  }
}

function undefinedIfNotFound(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
}
