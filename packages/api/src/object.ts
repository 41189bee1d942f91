import type { IObjectMeta } from '@kubernetes-models/apimachinery/apis/meta/v1/ObjectMeta';
import type { IOwnerReference } from '@kubernetes-models/apimachinery/apis/meta/v1/OwnerReference';

/**
 * A deeply immutable JSON value: objects are shared by all readers. A change is a new
 * value, made by spreading or with Immer's `produce`, whose `Draft<T>` is the mutable form.
 */
export type Immutable<T> = T extends string | number | boolean | bigint | symbol | null | undefined
  ? T
  : unknown extends T
    ? T
    : { readonly [K in keyof T]: Immutable<T[K]> };

/** Standard object metadata (Kubernetes API conventions, "Metadata"). */
export interface ObjectMeta extends Immutable<IObjectMeta> {}

/** A reference from a dependent to the object that owns it. */
export interface OwnerReference extends Immutable<IOwnerReference> {}

/**
 * Anything that the API server can hold: a type, and metadata. Objects that come out of the store or a cache are deeply
 * frozen JSON; change them with Immer's `produce`.
 */
export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: ObjectMeta;
}

/** An object's identity within its kind. Cluster-scoped objects have the namespace `''`. */
export interface ObjectKey {
  readonly namespace: string;
  readonly name: string;
}

/** What every stored object has, whatever its kind. */
export interface StoredObject extends KubernetesObject {
  readonly metadata: ObjectMeta & {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
  };
}

/** An object as the store and every cache have it: deeply frozen, for the compiler too, with the metadata of a stored object. */
export type Stored<T extends KubernetesObject = KubernetesObject> = Immutable<T> & StoredObject;

/** `namespace/name`, or only the name for a cluster-scoped object: the form that Kubernetes' logs use. */
export function keyString(key: ObjectKey): string {
  return key.namespace === '' ? key.name : `${key.namespace}/${key.name}`;
}

/** The inverse of {@link keyString}. */
export function parseKey(text: string): ObjectKey {
  const slash = text.indexOf('/');
  return slash < 0 ? { namespace: '', name: text } : { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}

/** The key of an object; an absent namespace or name reads as `''`. */
export function keyOf(object: KubernetesObject): ObjectKey {
  return { namespace: object.metadata?.namespace ?? '', name: object.metadata?.name ?? '' };
}

/** Freezes plain JSON deeply and returns it. A value that is frozen already is taken as frozen all through. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  if (Array.isArray(value)) for (const item of value) deepFreeze(item);
  else for (const field in value) if (typeof value[field] === 'object') deepFreeze(value[field]);
  return value;
}
