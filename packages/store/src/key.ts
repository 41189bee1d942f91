import type { ObjectKey } from '@orrery/api';

/** Where a collection lives in a store: `pods`, `deployments.apps`. All versions of a resource share one. */
export type Collection = string;

/** The engine's key of an object. */
export function engineKey(collection: Collection, key: ObjectKey): string {
  return `/${collection}/${key.namespace}/${key.name}`;
}

/**
 * The inverse of {@link engineKey}.
 * @throws Error on a key of another form.
 */
export function parseEngineKey(key: string): { collection: Collection; namespace: string; name: string } {
  const [empty, collection, namespace, name, ...rest] = key.split('/');
  if (empty !== '' || collection === undefined || namespace === undefined || name === undefined || rest.length > 0) {
    throw new Error(`${JSON.stringify(key)} is no object's key`);
  }
  return { collection, namespace, name };
}
