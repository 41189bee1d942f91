import type { Kind } from './kind.ts';
import type { KubernetesObject, OwnerReference, Stored } from './object.ts';

/** The object's controller: the owner reference that says `controller: true` (`metav1.GetControllerOf`). */
export function controllerOf(object: KubernetesObject): OwnerReference | undefined {
  const references = object.metadata?.ownerReferences;
  if (references === undefined) return undefined;
  for (const reference of references) if (reference.controller === true) return reference;
  return undefined;
}

/**
 * The reference that makes `owner` the controller of what carries it (`metav1.NewControllerRef`): changes to the child wake
 * the owner's controller, and the child goes when the owner is gone.
 */
export function controllerReference(kind: Kind, owner: Stored): OwnerReference {
  return {
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}
