import type { KubernetesObject, Status, Stored } from '@orrery/api';
import type { DeleteOptions } from '../client.ts';

/**
 * What a DELETE has left, from what the server answered: the object while it waits for its grace period or its finalizers, or
 * undefined. Servers answer with a Status, with the object as it was last, or with the object as it lingers.
 */
export function leftByDelete<T extends KubernetesObject>(
  answer: Stored<T> | Status,
  options: DeleteOptions,
): Stored<T> | undefined {
  if (!isObject(answer)) return undefined;
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = answer.metadata;
  if (deletionTimestamp === undefined) return undefined;
  const waits = deletionGracePeriodSeconds > 0 && options.gracePeriodSeconds !== 0;
  return waits || finalizers.length > 0 || hasSpecFinalizers(answer) ? answer : undefined;
}

function isObject<T extends KubernetesObject>(answer: Stored<T> | Status): answer is Stored<T> {
  return answer.kind !== 'Status' || answer.apiVersion !== 'v1';
}

/** A Namespace waits for those as well. */
function hasSpecFinalizers(object: KubernetesObject): boolean {
  const { spec } = object as { readonly spec?: { readonly finalizers?: readonly string[] } };
  return object.apiVersion === 'v1' && object.kind === 'Namespace' && (spec?.finalizers ?? []).length > 0;
}
