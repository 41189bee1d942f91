import { quote } from '../field-error.ts';
import type { LabelSelector } from '../parts.ts';
import { failures } from '../status.ts';
import {
  everything,
  type LabelMatcher,
  type LabelOperator,
  type LabelRequirement,
  matcherOf,
  nothing,
  requirementFault,
} from './label-matcher.ts';

const operators: ReadonlyMap<string, LabelOperator> = new Map<string, LabelOperator>([
  ['In', 'in'],
  ['NotIn', 'notin'],
  ['Exists', 'exists'],
  ['DoesNotExist', '!'],
]);

const known = new WeakMap<LabelSelector, LabelMatcher>();

/**
 * The matcher of a `LabelSelector` object: an absent one matches nothing, an empty one everything. The matcher of a frozen
 * selector is kept with it.
 * @throws StatusError BadRequest if it is malformed; validation refuses such objects before they are stored.
 */
export function labelSelectorMatcher(selector: LabelSelector | null | undefined): LabelMatcher {
  if (selector === undefined || selector === null) return nothing;
  const kept = known.get(selector);
  if (kept !== undefined) return kept;
  const matcher = matcherFor(selector);
  if (Object.isFrozen(selector)) known.set(selector, matcher);
  return matcher;
}

/** A selector as `kubectl describe` prints it: `app=web,tier in (a,b)`, or `<none>`. */
export function formatLabelSelector(selector: LabelSelector | null | undefined): string {
  return labelSelectorMatcher(selector).text || '<none>';
}

/** The matcher of plain labels that must all be there (`Service.spec.selector`). None matches everything. */
export function labelsMatcher(labels: { readonly [key: string]: string } | undefined): LabelMatcher {
  if (labels === undefined) return everything;
  return matcherOf(Object.entries(labels).map(([key, value]) => ({ key, operator: '=', values: [value] })));
}

function matcherFor(selector: LabelSelector): LabelMatcher {
  const requirements: LabelRequirement[] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    requirements.push({ key, operator: '=', values: [value] });
  }
  for (const expression of selector.matchExpressions ?? []) {
    const operator = operators.get(expression.operator);
    if (operator === undefined) {
      throw failures.badRequest(`${quote(expression.operator)} is not a valid label selector operator`);
    }
    requirements.push({ key: expression.key, operator, values: expression.values ?? [] });
  }
  for (const requirement of requirements) {
    const fault = requirementFault(requirement);
    if (fault !== undefined) throw failures.badRequest(fault);
  }
  return matcherOf(requirements);
}
