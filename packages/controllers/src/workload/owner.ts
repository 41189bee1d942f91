import type { Kind, KubernetesObject, OwnerReference, Stored } from '@orrery/api';

/** The object's controller: the owner reference that says `controller: true`. */
export function controllerOf(object: KubernetesObject): OwnerReference | undefined {
  const references = object.metadata?.ownerReferences;
  if (references === undefined) return undefined;
  for (const reference of references) if (reference.controller === true) return reference;
  return undefined;
}

/** The reference that makes `owner` the controller of what carries it. */
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
