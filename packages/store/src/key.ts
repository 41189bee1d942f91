import type { ObjectKey } from '@orrery/api';

/** The name of a collection in a store: `pods`, `deployments.apps`. All versions of a resource share one. */
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
  const first = key.indexOf('/', 1);
  const second = key.indexOf('/', first + 1);
  if (key[0] !== '/' || first < 0 || second < 0 || key.indexOf('/', second + 1) >= 0)
    throw new Error(`${JSON.stringify(key)} is not the key of an object`);
  return { collection: key.slice(1, first), namespace: key.slice(first + 1, second), name: key.slice(second + 1) };
}
