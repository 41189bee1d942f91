import { fieldErrors, quote } from '../../field-error.ts';
import type { Job } from '../../kinds.ts';
import { qualifiedName } from '../../names.ts';
import { checkName, checkNotNegative, checkOptionalChoice, type Errors, isEmpty } from '../checks.ts';

type JobSpec = Job['spec'];
type FailureRule = NonNullable<JobSpec['podFailurePolicy']>['rules'][number];
type SuccessRule = NonNullable<JobSpec['successPolicy']>['rules'][number];

const maxRules = 20;
const maxPatterns = 20;
const maxExitCodes = 255;
const maxSucceededIndexes = 64 * 1024;

/** The rules of how a Job reacts to failures of its Pods. */
export function validateFailurePolicy(errors: Errors, spec: JobSpec | undefined, path: string): void {
  const rules = spec?.podFailurePolicy?.rules ?? [];
  if (rules.length > maxRules) errors.push(fieldErrors.tooMany(`${path}.rules`, rules.length, maxRules));
  const { containers = [], initContainers = [] } = spec?.template?.spec ?? {};
  const names = new Set([...containers, ...initContainers].map(({ name }) => name));
  for (const [i, rule] of rules.entries()) {
    const at = `${path}.rules[${i}]`;
    checkListedChoice(errors, `${at}.action`, rule.action, ['Count', 'FailIndex', 'FailJob', 'Ignore']);
    if (rule.action === 'FailIndex' && spec?.backoffLimitPerIndex === undefined) {
      errors.push(fieldErrors.invalid(`${at}.action`, rule.action, 'requires the backoffLimitPerIndex to be set'));
    }
    if (rule.onExitCodes !== undefined) validateExitCodes(errors, rule.onExitCodes, names, `${at}.onExitCodes`);
    const { onExitCodes, onPodConditions = [] } = rule;
    if (onPodConditions.length > 0) validatePodConditions(errors, onPodConditions, `${at}.onPodConditions`);
    if (onExitCodes !== undefined && onPodConditions.length > 0) {
      errors.push(fieldErrors.invalid(at, '', 'specifying both OnExitCodes and OnPodConditions is not supported'));
    } else if (onExitCodes === undefined && onPodConditions.length === 0) {
      errors.push(fieldErrors.invalid(at, '', 'specifying one of OnExitCodes and OnPodConditions is required'));
    }
  }
}

function validateExitCodes(
  errors: Errors,
  { operator, containerName, values = [] }: NonNullable<FailureRule['onExitCodes']>,
  names: ReadonlySet<string>,
  path: string,
): void {
  checkListedChoice(errors, `${path}.operator`, operator, ['In', 'NotIn']);
  if (containerName !== undefined && !names.has(containerName)) {
    const fault = 'must be one of the container or initContainer names in the pod template';
    errors.push(fieldErrors.invalid(`${path}.containerName`, containerName, fault));
  }
  if (values.length === 0) {
    errors.push(fieldErrors.invalid(`${path}.values`, values, 'at least one value is required'));
  } else if (values.length > maxExitCodes) {
    errors.push(fieldErrors.tooMany(`${path}.values`, values.length, maxExitCodes));
  }
  const seen = new Set<number>();
  for (const [i, value] of values.entries()) {
    if (operator === 'In' && value === 0) {
      errors.push(fieldErrors.invalid(`${path}.values[${i}]`, value, 'must not be 0 for the In operator'));
    }
    if (seen.has(value)) errors.push(fieldErrors.duplicate(`${path}.values[${i}]`, value));
    seen.add(value);
  }
  if (values.some((value, i) => i > 0 && (values[i - 1] ?? 0) > value)) {
    errors.push(fieldErrors.invalid(`${path}.values`, values, 'must be ordered'));
  }
}

function validatePodConditions(
  errors: Errors,
  patterns: NonNullable<FailureRule['onPodConditions']>,
  path: string,
): void {
  if (patterns.length > maxPatterns) errors.push(fieldErrors.tooMany(path, patterns.length, maxPatterns));
  for (const [i, { type, status }] of patterns.entries()) {
    checkName(errors, `${path}[${i}].type`, type ?? '', qualifiedName);
    checkListedChoice(errors, `${path}[${i}].status`, status, ['False', 'True', 'Unknown']);
  }
}

/** The rules of when an Indexed Job has succeeded before all of its indexes have. */
export function validateSuccessPolicy(errors: Errors, spec: JobSpec | undefined, path: string): void {
  const policy = spec?.successPolicy;
  if (spec === undefined || policy === undefined) return;
  if (spec.completionMode !== 'Indexed') {
    errors.push(fieldErrors.invalid(path, policy, 'requires indexed completion mode'));
    return;
  }
  const rules = policy.rules ?? [];
  if (rules.length === 0) {
    const detail = 'at least one rules must be specified when the successPolicy is specified';
    errors.push(fieldErrors.required(`${path}.rules`, detail));
  }
  if (rules.length > maxRules) errors.push(fieldErrors.tooMany(`${path}.rules`, rules.length, maxRules));
  for (const [i, rule] of rules.entries()) {
    validateSuccessRule(errors, rule, spec.completions ?? 0, `${path}.rules[${i}]`);
  }
}

function validateSuccessRule(
  errors: Errors,
  { succeededIndexes, succeededCount }: SuccessRule,
  completions: number,
  path: string,
): void {
  if (succeededIndexes === undefined && succeededCount === undefined) {
    const detail = 'at least one of succeededCount or succeededIndexes must be specified';
    errors.push(fieldErrors.required(path, detail));
  }
  let named = 0;
  if (succeededIndexes !== undefined) {
    const at = `${path}.succeededIndexes`;
    if (succeededIndexes.length > maxSucceededIndexes) errors.push(fieldErrors.tooLong(at, maxSucceededIndexes));
    const count = countIndexes(succeededIndexes, completions);
    if (typeof count === 'number') named = count;
    else errors.push(fieldErrors.invalid(at, succeededIndexes, `error parsing succeededIndexes: ${count}`));
  }
  if (succeededCount === undefined) return;
  const at = `${path}.succeededCount`;
  checkNotNegative(errors, at, succeededCount);
  const atMost = (limit: number, what: string) => {
    if (succeededCount <= limit) return;
    errors.push(fieldErrors.invalid(at, succeededCount, `must be less than or equal to ${limit} (${what})`));
  };
  atMost(completions, 'the number of specified completions');
  if (succeededIndexes !== undefined) {
    atMost(named, 'the number of indexes in the specified succeededIndexes field');
  }
}

/** How many indexes a text such as `1,3-5` names, or what is wrong with it. */
function countIndexes(text: string, completions: number): number | string {
  let total = 0;
  let previous: number | undefined;
  for (const part of text === '' ? [] : text.split(',')) {
    const limits = part.split('-');
    if (limits.length > 2) {
      return `the fragment ${quote(part)} violates the requirement that an index interval can have at most two parts separated by '-'`;
    }
    const bounds: number[] = [];
    for (const limit of limits) {
      if (!/^[+-]?\d+$/.test(limit)) return `cannot convert string to integer for index: ${quote(limit)}`;
      if (Number(limit) >= completions) return `too large index: ${quote(limit)}`;
      bounds.push(Number(limit));
    }
    const [first = 0, last = first] = bounds;
    if (bounds.length === 2 && first >= last) return `non-increasing order, previous: ${first}, current: ${last}`;
    if (previous !== undefined && previous >= first) {
      return `non-increasing order, previous: ${previous}, current: ${first}`;
    }
    total += last - first + 1;
    previous = last;
  }
  return total;
}

/** One of a fixed set of words. If it is absent, all of them are listed. */
function checkListedChoice(errors: Errors, path: string, value: string | undefined, choices: readonly string[]): void {
  if (!isEmpty(value)) checkOptionalChoice(errors, path, value, choices);
  else errors.push(fieldErrors.required(path, `valid values: [${choices.map((choice) => quote(choice)).join(' ')}]`));
}
