import { fieldErrors } from '../../field-error.ts';
import type { DownwardAPIVolumeFile, KeyToPath } from '../../parts.ts';
import { checkRequired, type Errors } from '../checks.ts';
import { validateFieldRef, validateResourceFieldRef } from './downward-api.ts';
import { validateUnreservedPath } from './paths.ts';

/** Permission bits of a file. */
export function validateMode(errors: Errors, mode: number | undefined, path: string): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) {
    errors.push(fieldErrors.invalid(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive'));
  }
}

/** Which keys go to which files. */
export function validateItems(errors: Errors, items: readonly KeyToPath[] | undefined, path: string): void {
  for (const [i, item] of (items ?? []).entries()) {
    const at = `${path}[${i}]`;
    checkRequired(errors, `${at}.key`, item.key);
    if (checkRequired(errors, `${at}.path`, item.path)) validateUnreservedPath(errors, item.path, `${at}.path`);
    validateMode(errors, item.mode, `${at}.mode`);
  }
}

/** A file with a field of the Pod. `path` is that of the volume source: Kubernetes does not name the item. */
export function validateDownwardFile(errors: Errors, file: DownwardAPIVolumeFile, path: string): void {
  if (checkRequired(errors, `${path}.path`, file.path)) validateUnreservedPath(errors, file.path, `${path}.path`);
  const { fieldRef, resourceFieldRef } = file;
  if (fieldRef !== undefined) {
    validateFieldRef(errors, fieldRef, `${path}.fieldRef`, 'file');
    if (resourceFieldRef !== undefined) {
      errors.push(
        fieldErrors.invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'),
      );
    }
  } else if (resourceFieldRef !== undefined) {
    validateResourceFieldRef(errors, resourceFieldRef, `${path}.resourceFieldRef`, 'file');
  } else {
    errors.push(fieldErrors.required(path, 'one of fieldRef and resourceFieldRef is required'));
  }
  validateMode(errors, file.mode, `${path}.mode`);
}
