import { controllerOf, type Kind, type KubernetesObject } from '@orrery/api';
import { defineIndex, type Index } from '@orrery/core';

/** An index of orphans by namespace: the objects that may be adopted. */
export function orphansOf<T extends KubernetesObject>(kind: Kind<T>): Index<T> {
  return defineIndex(kind, (object) => (controllerOf(object) === undefined ? [object.metadata.namespace ?? ''] : []));
}
