import { fieldErrors } from '../../field-error.ts';
import type { Errors } from '../checks.ts';

/** No element of a path leads up. */
export function validateNoBacksteps(errors: Errors, target: string, path: string): void {
  if (target.split('/').includes('..')) errors.push(fieldErrors.invalid(path, target, "must not contain '..'"));
}

/** A path that stays inside a volume: relative, and never leading up. */
export function validateLocalPath(errors: Errors, target: string, path: string): void {
  if (target.startsWith('/')) errors.push(fieldErrors.invalid(path, target, 'must be a relative path'));
  validateNoBacksteps(errors, target, path);
}

/** A local path that does not clash with the names that the projector keeps for itself (`..data`). */
export function validateUnreservedPath(errors: Errors, target: string, path: string): void {
  validateLocalPath(errors, target, path);
  if (target.startsWith('..') && !target.startsWith('../')) {
    errors.push(fieldErrors.invalid(path, target, "must not start with '..'"));
  }
}
