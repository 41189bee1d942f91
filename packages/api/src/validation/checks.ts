import { type FieldError, fieldErrors } from '../field-error.ts';
import type { NameCheck } from '../names.ts';

/** Faults found so far; every check adds to it. Paths are as Kubernetes prints them: `spec.containers[0].image`. */
export type Errors = FieldError[];

/** A name, key or value by one of the checks of `names.ts`. */
export function checkName(errors: Errors, path: string, value: string, check: NameCheck): void {
  for (const fault of check(value)) errors.push(fieldErrors.invalid(path, value, fault));
}

/** A name that must be there. */
export function checkRequiredName(errors: Errors, path: string, value: string | undefined, check: NameCheck): void {
  if (isEmpty(value)) errors.push(fieldErrors.required(path));
  else checkName(errors, path, value, check);
}

/** A text that must be there. */
export function checkRequired(errors: Errors, path: string, value: unknown, detail = ''): boolean {
  if (value !== undefined && value !== '') return true;
  errors.push(fieldErrors.required(path, detail));
  return false;
}

/** One of a fixed set of words; it must be there. */
export function checkChoice(errors: Errors, path: string, value: string | undefined, choices: readonly string[]): void {
  if (isEmpty(value)) errors.push(fieldErrors.required(path));
  else checkOptionalChoice(errors, path, value, choices);
}

/** One of a fixed set of words, or absent. */
export function checkOptionalChoice(
  errors: Errors,
  path: string,
  value: string | undefined,
  choices: readonly string[],
): void {
  if (value !== undefined && !choices.includes(value)) errors.push(fieldErrors.notSupported(path, value, choices));
}

export const notNegative = 'must be greater than or equal to 0';

export function checkNotNegative(errors: Errors, path: string, value: number | undefined): void {
  if (value !== undefined && value < 0) errors.push(fieldErrors.invalid(path, value, notNegative));
}

export const immutable = 'field is immutable';

export function isEmpty(value: string | undefined): value is '' | undefined {
  return value === undefined || value === '';
}
