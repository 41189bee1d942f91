export {
  escapeFieldValue,
  type FieldMatcher,
  type FieldRequirement,
  parseFieldSelector,
} from './field-selector.ts';
export {
  everything,
  type LabelMatcher,
  type LabelOperator,
  type LabelRequirement,
  type Labels,
  matcherOf,
  nothing,
} from './label-matcher.ts';
export { formatLabelSelector, labelSelectorMatcher, labelsMatcher } from './label-selector.ts';
export { parseLabelSelector } from './parse-label-selector.ts';
export { fieldsOf } from './selectable-fields.ts';
