import { applyDefaults } from '../../defaults/index.ts';
import { fieldErrorText } from '../../field-error.ts';
import { Pod } from '../../kinds.ts';
import { deepFreeze } from '../../object.ts';
import { decodeObject } from '../decode.ts';
import { validateCreate } from '../validate.ts';

/** For tests: what is wrong with a Pod that a client creates with this spec. */
export function podFaults(spec: object, metadata: object = {}): string[] {
  const body = { metadata: { name: 'p', namespace: 'default', ...metadata }, spec };
  const pod = applyDefaults(Pod, decodeObject(Pod, deepFreeze(body), 'Strict').object);
  return validateCreate(Pod, pod).map(fieldErrorText);
}

/** For tests: a container that is valid. */
export const goodContainer = { name: 'c', image: 'busybox' };

/** For tests: what is wrong with a Pod whose one container has these fields. */
export function containerFaults(fields: object, spec: object = {}): string[] {
  return podFaults({ containers: [{ ...goodContainer, ...fields }], ...spec });
}

/** For tests: what is wrong with a Pod whose spec has these fields beside a valid container. */
export function specFaults(spec: object): string[] {
  return podFaults({ containers: [goodContainer], ...spec });
}
