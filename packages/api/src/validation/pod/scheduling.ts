import { fieldErrors } from '../../field-error.ts';
import { dns1123Label, labelValue, qualifiedName } from '../../names.ts';
import type { PodSpec, Toleration } from '../../parts.ts';
import { checkName, checkOptionalChoice, checkRequired, type Errors, isEmpty } from '../checks.ts';
import { validateLabelSelector } from '../label-selectors.ts';

type Affinity = NonNullable<PodSpec['affinity']>;
type NodeSelectorTerm = NonNullable<
  NonNullable<Affinity['nodeAffinity']>['requiredDuringSchedulingIgnoredDuringExecution']
>['nodeSelectorTerms'][number];
type PodAffinityTerm = NonNullable<
  NonNullable<Affinity['podAffinity']>['requiredDuringSchedulingIgnoredDuringExecution']
>[number];

const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** Which taints a Pod bears (`ValidateTolerations`). */
export function validateTolerations(
  errors: Errors,
  tolerations: readonly Toleration[] | undefined,
  path: string,
): void {
  for (const [i, toleration] of (tolerations ?? []).entries()) {
    const at = `${path}[${i}]`;
    const { key, operator, value = '', effect, tolerationSeconds } = toleration;
    if (!isEmpty(key)) checkName(errors, `${at}.key`, key, qualifiedName);
    else if (operator !== 'Exists') {
      errors.push(
        fieldErrors.invalid(
          `${at}.operator`,
          operator ?? '',
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      );
    }
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      errors.push(
        fieldErrors.invalid(`${at}.effect`, effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set"),
      );
    }
    if (isEmpty(operator) || operator === 'Equal') {
      const faults = labelValue(value);
      if (faults.length > 0) errors.push(fieldErrors.invalid(`${at}.operator`, value, faults.join(';')));
    } else if (operator === 'Exists') {
      if (value !== '') {
        errors.push(
          fieldErrors.invalid(`${at}.operator`, toleration, "value must be empty when `operator` is 'Exists'"),
        );
      }
    } else errors.push(fieldErrors.notSupported(`${at}.operator`, operator, ['Equal', 'Exists']));
    if (!isEmpty(effect)) checkOptionalChoice(errors, `${at}.effect`, effect, taintEffects);
  }
}

/** Where a Pod wants to be, and near whom. */
export function validateAffinity(errors: Errors, affinity: Affinity | undefined, path: string): void {
  if (affinity === undefined) return;
  const node = affinity.nodeAffinity;
  if (node !== undefined) {
    const at = `${path}.nodeAffinity`;
    const required = node.requiredDuringSchedulingIgnoredDuringExecution;
    if (required !== undefined) {
      const terms = `${at}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`;
      if ((required.nodeSelectorTerms ?? []).length === 0) {
        errors.push(fieldErrors.required(terms, 'must have at least one node selector term'));
      }
      for (const [i, term] of (required.nodeSelectorTerms ?? []).entries()) {
        validateNodeSelectorTerm(errors, term, `${terms}[${i}]`);
      }
    }
    for (const [i, preferred] of (node.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      const each = `${at}.preferredDuringSchedulingIgnoredDuringExecution[${i}]`;
      checkWeight(errors, preferred.weight, `${each}.weight`);
      validateNodeSelectorTerm(errors, preferred.preference ?? {}, `${each}.preference`);
    }
  }
  for (const field of ['podAffinity', 'podAntiAffinity'] as const) {
    const terms = affinity[field];
    if (terms === undefined) continue;
    for (const [i, term] of (terms.requiredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      validatePodAffinityTerm(errors, term, `${path}.${field}.requiredDuringSchedulingIgnoredDuringExecution[${i}]`);
    }
    for (const [i, preferred] of (terms.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      const each = `${path}.${field}.preferredDuringSchedulingIgnoredDuringExecution[${i}]`;
      checkWeight(errors, preferred.weight, `${each}.weight`);
      validatePodAffinityTerm(errors, preferred.podAffinityTerm, `${each}.podAffinityTerm`);
    }
  }
}

function checkWeight(errors: Errors, weight: number | undefined, path: string): void {
  const value = weight ?? 0;
  if (value < 1 || value > 100) errors.push(fieldErrors.invalid(path, value, 'must be in the range 1-100'));
}

/** One alternative of a node selector. */
function validateNodeSelectorTerm(errors: Errors, term: NodeSelectorTerm, path: string): void {
  for (const [i, { key = '', operator, values = [] }] of (term.matchExpressions ?? []).entries()) {
    const at = `${path}.matchExpressions[${i}]`;
    switch (operator) {
      case 'In':
      case 'NotIn':
        if (values.length === 0) {
          errors.push(fieldErrors.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
        }
        break;
      case 'Exists':
      case 'DoesNotExist':
        if (values.length > 0) {
          errors.push(
            fieldErrors.forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
          );
        }
        break;
      case 'Gt':
      case 'Lt':
        if (values.length !== 1) {
          errors.push(
            fieldErrors.required(`${at}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"),
          );
        }
        break;
      default:
        errors.push(fieldErrors.invalid(`${at}.operator`, operator ?? '', 'not a valid selector operator'));
    }
    checkName(errors, `${at}.key`, key, qualifiedName);
  }
  for (const [i, { key = '', operator, values = [] }] of (term.matchFields ?? []).entries()) {
    const at = `${path}.matchFields[${i}]`;
    if (operator !== 'In' && operator !== 'NotIn') {
      errors.push(fieldErrors.invalid(`${at}.operator`, operator ?? '', 'not a valid selector operator'));
    } else if (values.length !== 1) {
      errors.push(
        fieldErrors.required(
          `${at}.values`,
          "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
        ),
      );
    }
    if (key !== 'metadata.name') {
      errors.push(fieldErrors.invalid(`${at}.key`, key, 'not a valid field selector key'));
    }
  }
}

function validatePodAffinityTerm(errors: Errors, term: PodAffinityTerm | undefined, path: string): void {
  validateLabelSelector(errors, term?.labelSelector, `${path}.labelSelector`);
  validateLabelSelector(errors, term?.namespaceSelector, `${path}.namespaceSelector`);
  for (const namespace of term?.namespaces ?? []) checkName(errors, `${path}.namespaces`, namespace, dns1123Label);
  checkTopologyKey(errors, term?.topologyKey, `${path}.topologyKey`);
}

function checkTopologyKey(errors: Errors, key: string | undefined, path: string): void {
  if (checkRequired(errors, path, key, 'can not be empty')) checkName(errors, path, key ?? '', qualifiedName);
}

/** How evenly Pods are spread. */
export function validateTopologySpread(errors: Errors, spec: PodSpec, path: string): void {
  const seen = new Set<string>();
  for (const [i, constraint] of (spec.topologySpreadConstraints ?? []).entries()) {
    const at = `${path}[${i}]`;
    const { maxSkew = 0, minDomains, topologyKey, whenUnsatisfiable = '' } = constraint;
    if (maxSkew <= 0) errors.push(fieldErrors.invalid(`${at}.maxSkew`, maxSkew, 'must be greater than zero'));
    checkTopologyKey(errors, topologyKey, `${at}.topologyKey`);
    if (whenUnsatisfiable !== 'DoNotSchedule' && whenUnsatisfiable !== 'ScheduleAnyway') {
      errors.push(
        fieldErrors.notSupported(`${at}.whenUnsatisfiable`, whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway']),
      );
    }
    const place = `{${topologyKey}, ${whenUnsatisfiable}}`;
    if (seen.has(place)) errors.push(fieldErrors.duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, place));
    seen.add(place);
    if (minDomains !== undefined) {
      if (minDomains <= 0)
        errors.push(fieldErrors.invalid(`${at}.minDomains`, minDomains, 'must be greater than zero'));
      if (whenUnsatisfiable !== 'DoNotSchedule') {
        errors.push(
          fieldErrors.invalid(
            `${at}.minDomains`,
            minDomains,
            `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`,
          ),
        );
      }
    }
    for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      checkOptionalChoice(errors, `${at}.${field}`, constraint[field], ['Honor', 'Ignore']);
    }
    validateLabelSelector(errors, constraint.labelSelector, `${at}.labelSelector`);
  }
}
