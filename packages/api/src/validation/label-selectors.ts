import { fieldErrors } from '../field-error.ts';
import { labelValue, qualifiedName } from '../names.ts';
import type { LabelSelector } from '../parts.ts';
import { checkName, type Errors } from './checks.ts';
import { validateLabels } from './metadata.ts';

/** The rules of a `LabelSelector` object (`ValidateLabelSelector`). An absent one is valid. */
export function validateLabelSelector(errors: Errors, selector: LabelSelector | undefined, path: string): void {
  if (selector === undefined) return;
  validateLabels(errors, selector.matchLabels, `${path}.matchLabels`);
  for (const [i, { key, operator, values }] of (selector.matchExpressions ?? []).entries()) {
    const at = `${path}.matchExpressions[${i}]`;
    const count = values?.length ?? 0;
    switch (operator) {
      case 'In':
      case 'NotIn':
        if (count === 0) {
          errors.push(fieldErrors.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
        }
        break;
      case 'Exists':
      case 'DoesNotExist':
        if (count > 0) {
          errors.push(
            fieldErrors.forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
          );
        }
        break;
      default:
        errors.push(fieldErrors.invalid(`${at}.operator`, operator ?? '', 'not a valid selector operator'));
    }
    checkName(errors, `${at}.key`, key ?? '', qualifiedName);
    for (const [j, value] of (values ?? []).entries()) checkName(errors, `${at}.values[${j}]`, value, labelValue);
  }
}

/** Whether a selector selects everything, which most kinds do not allow. */
export function isEmptySelector(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0;
}
