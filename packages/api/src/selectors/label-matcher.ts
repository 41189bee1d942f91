import { fieldErrors, fieldErrorText } from '../field-error.ts';
import { contains } from '../long-lists.ts';
import { labelValue, qualifiedName } from '../names.ts';

/** How a requirement relates a label to its values (`selection.Operator`). */
export type LabelOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'gt' | 'lt' | 'exists' | '!';

/** One condition on one label. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  /** Empty for `exists` and `!`; one value for `=`, `==`, `!=`, `gt` and `lt`. */
  readonly values: readonly string[];
}

/** Labels of an object, or none. */
export type Labels = { readonly [key: string]: string } | undefined;

/** A selector that was read: it answers whether labels match (Kubernetes "Labels and Selectors"). */
export interface LabelMatcher {
  matches(labels: Labels): boolean;
  /** All must hold; sorted by key. */
  readonly requirements: readonly LabelRequirement[];
  /** True of the selector that is absent rather than empty: it matches no object. */
  readonly matchesNothing: boolean;
  /** The selector as one line: `app=web,tier in (a,b)`; `''` if it has no requirement. */
  readonly text: string;
}

class RequirementMatcher implements LabelMatcher {
  readonly requirements: readonly LabelRequirement[];
  readonly matchesNothing = false;
  #text: string | undefined;

  constructor(requirements: readonly LabelRequirement[]) {
    this.requirements = requirements;
  }

  matches(labels: Labels): boolean {
    for (const requirement of this.requirements) if (!holds(requirement, labels)) return false;
    return true;
  }

  get text(): string {
    this.#text ??= this.requirements.map(requirementText).join(',');
    return this.#text;
  }
}

/** Matches every object. */
export const everything: LabelMatcher = new RequirementMatcher([]);

/** Matches no object. */
export const nothing: LabelMatcher = { matches: () => false, requirements: [], matchesNothing: true, text: '' };

/** The matcher for which all these hold. */
export function matcherOf(requirements: readonly LabelRequirement[]): LabelMatcher {
  if (requirements.length === 0) return everything;
  return new RequirementMatcher([...requirements].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)));
}

/**
 * What is wrong with a requirement, in Kubernetes' words; undefined if nothing is. Several faults stand in brackets.
 */
export function requirementFault({ key, operator, values }: LabelRequirement): string | undefined {
  const faults: string[] = [];
  const fault = (field: string, value: unknown, detail: string): void => {
    faults.push(fieldErrorText(fieldErrors.invalid(field, value, detail)));
  };
  const keyFaults = qualifiedName(key);
  if (keyFaults.length > 0) fault('key', key, keyFaults.join('; '));

  if (operator === 'in' || operator === 'notin') {
    if (values.length === 0) fault('values', values, "for 'in', 'notin' operators, values set can't be empty");
  } else if (operator === 'exists' || operator === '!') {
    if (values.length !== 0) fault('values', values, 'values set must be empty for exists and does not exist');
  } else if (operator === 'gt' || operator === 'lt') {
    if (values.length !== 1) fault('values', values, "for 'Gt', 'Lt' operators, exactly one value is required");
    for (const [i, value] of values.entries()) {
      if (integerOf(value) === undefined) {
        fault(`values[${i}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer");
      }
    }
  } else if (values.length !== 1) fault('values', values, 'exact-match compatibility requires one single value');

  for (const [i, value] of values.entries()) {
    const valueFaults = labelValue(value);
    if (valueFaults.length > 0) fault(`values[${i}][${key}]`, value, valueFaults.join('; '));
  }
  if (faults.length === 0) return undefined;
  return faults.length === 1 ? faults[0] : `[${faults.join(', ')}]`;
}

function holds({ key, operator, values }: LabelRequirement, labels: Labels): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case '=':
    case '==':
      return value !== undefined && value === values[0];
    case 'in':
      return value !== undefined && contains(values, value);
    case '!=':
    case 'notin':
      return value === undefined || !contains(values, value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case 'gt':
    case 'lt': {
      const have = value === undefined ? undefined : integerOf(value);
      const bound = integerOf(values[0] ?? '');
      if (have === undefined || bound === undefined) return false;
      return operator === 'gt' ? have > bound : have < bound;
    }
  }
}

/** A 64-bit integer, or undefined if the text is none. */
function integerOf(text: string): bigint | undefined {
  if (!/^[+-]?[0-9]{1,32}$/.test(text)) return undefined;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return value === BigInt.asIntN(64, value) ? value : undefined;
}

function requirementText({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${[...values].sort().join(',')})`;
    case 'gt':
      return `${key}>${values[0]}`;
    case 'lt':
      return `${key}<${values[0]}`;
    default:
      return `${key}${operator}${values[0]}`;
  }
}
