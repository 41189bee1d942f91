import { applyDefaults } from '../../defaults/index.ts';
import { fieldErrorText } from '../../field-error.ts';
import type { Kind } from '../../kind.ts';
import { deepFreeze, type KubernetesObject } from '../../object.ts';
import { decodeObject } from '../decode.ts';
import { validateCreate, validateUpdate } from '../validate.ts';

/** For tests: an object as it is when validation sees it, named `x` in the namespace `n`. */
export function stored(kind: Kind, content: object, metadata: object = {}): KubernetesObject {
  const place = kind.namespaced ? { namespace: 'n' } : {};
  const body = { metadata: { name: 'x', ...place, ...metadata }, ...content };
  return applyDefaults(kind, decodeObject(kind, deepFreeze(body), 'Strict').object);
}

/** For tests: what is wrong with a new object of this content. */
export function createFaults(kind: Kind, content: object, metadata: object = {}): string[] {
  return validateCreate(kind, stored(kind, content, metadata)).map(fieldErrorText);
}

/** For tests: what is wrong with an object that replaces another. */
export function updateFaults(kind: Kind, next: object, old: object, metadata: object = {}): string[] {
  return validateUpdate(kind, stored(kind, next, metadata), stored(kind, old, metadata)).map(fieldErrorText);
}
