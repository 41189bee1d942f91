import { failures, type Kind, type KubernetesObject, type ObjectMeta, type Stored } from '@orrery/api';
import type { Draft } from 'immer';

/** Removes the fields of a client's new object that only the server sets. */
export function withoutServerFields(object: KubernetesObject): KubernetesObject {
  const {
    uid: _1,
    creationTimestamp: _2,
    deletionTimestamp: _3,
    deletionGracePeriodSeconds: _4,
    selfLink: _5,
    ...metadata
  } = object.metadata ?? {};
  return { ...object, metadata };
}

/** The identity that the server assigns to a new object. */
export interface Identity {
  readonly uid: string;
  readonly name: string;
  readonly creationTimestamp: string;
}

/** A client's object with its identity, and without the fields that only stored objects have (Kubernetes `rest.BeforeCreate`). Pure. */
export function withIdentity(object: KubernetesObject, { name, uid, creationTimestamp }: Identity): KubernetesObject {
  const { generation: _, resourceVersion: __, ...given } = object.metadata ?? {};
  return { ...object, metadata: { ...given, name, uid, creationTimestamp } };
}

/** A client's object with the server's own metadata taken from the stored object (Kubernetes `rest.BeforeUpdate`). Pure. */
export function withServerMetadata(object: KubernetesObject, old: Stored): KubernetesObject {
  const metadata = serverMetadata(object.metadata ?? {}, old.metadata);
  return metadata === object.metadata ? object : { ...object, metadata };
}

/** The metadata with the server's own fields copied from the stored object; the same metadata if they are equal. */
function serverMetadata(meta: ObjectMeta, old: Stored['metadata']): ObjectMeta {
  if (meta === old || sameServerMetadata(meta, old)) return meta;
  const { generation, deletionTimestamp, deletionGracePeriodSeconds } = old;
  const {
    selfLink: _1,
    generation: _2,
    deletionTimestamp: _3,
    deletionGracePeriodSeconds: _4,
    namespace = '',
    ...given
  } = meta;
  const { uid, creationTimestamp } = old;
  const out: Draft<ObjectMeta> = { name: old.name, ...(given as Draft<ObjectMeta>), uid, creationTimestamp };
  if (namespace !== '') out.namespace = namespace;
  else if (old.namespace !== undefined) out.namespace = old.namespace;
  if (generation !== undefined) out.generation = generation;
  if (deletionTimestamp !== undefined) out.deletionTimestamp = deletionTimestamp;
  if (deletionGracePeriodSeconds !== undefined) out.deletionGracePeriodSeconds = deletionGracePeriodSeconds;
  return out;
}

/** Whether the client sent the server's own metadata back unchanged. */
function sameServerMetadata(meta: ObjectMeta, old: Stored['metadata']): boolean {
  return (
    meta.name === old.name &&
    meta.uid === old.uid &&
    meta.creationTimestamp === old.creationTimestamp &&
    meta.namespace === old.namespace &&
    meta.generation === old.generation &&
    meta.deletionTimestamp === old.deletionTimestamp &&
    meta.deletionGracePeriodSeconds === old.deletionGracePeriodSeconds &&
    meta.selfLink === undefined
  );
}

/**
 * Checks the identity in an update.
 * @throws StatusError Conflict if its UID is another one, BadRequest if its name is
 */
export function checkIdentity(
  object: KubernetesObject,
  kind: Kind,
  scope: { readonly name: string; readonly namespace: string },
): void {
  const meta = object.metadata ?? {};
  if (meta.name !== undefined && meta.name !== '' && meta.name !== scope.name) {
    throw failures.badRequest(
      `the name of the object (${meta.name}) does not match the name on the URL (${scope.name})`,
    );
  }
  checkNamespace(object, kind, scope.namespace);
}

/** @throws StatusError BadRequest if the body's namespace differs from the request's */
export function checkNamespace(object: KubernetesObject, kind: Kind, namespace: string): void {
  const given = object.metadata?.namespace;
  if (given === undefined || given === '' || !kind.namespaced) return;
  if (given !== namespace) {
    throw failures.badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
}
