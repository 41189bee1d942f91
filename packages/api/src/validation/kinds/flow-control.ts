import { fieldErrors } from '../../field-error.ts';
import type { FlowSchema, PriorityLevelConfiguration } from '../../kinds.ts';
import { checkChoice, checkNotNegative, checkOptionalChoice, checkRequired, type Errors } from '../checks.ts';

const maxPrecedence = 10_000;
const maxQueues = 10_000_000;

/** Which level a flow belongs to, and in which order schemas are asked ("API Priority and Fairness"). */
export function validateFlowSchema(errors: Errors, { spec }: FlowSchema): void {
  const precedence = spec?.matchingPrecedence;
  if (precedence !== undefined && (precedence < 1 || precedence > maxPrecedence)) {
    const why = precedence < 1 ? 'must be a positive value' : `must not be greater than ${maxPrecedence}`;
    errors.push(fieldErrors.invalid('spec.matchingPrecedence', precedence, why));
  }
  const distinguisher = spec?.distinguisherMethod;
  if (distinguisher !== undefined)
    checkChoice(errors, 'spec.distinguisherMethod.type', distinguisher.type, ['ByNamespace', 'ByUser']);
  checkRequired(errors, 'spec.priorityLevelConfiguration.name', spec?.priorityLevelConfiguration?.name);
}

/** How a level limits its requests. */
export function validatePriorityLevelConfiguration(errors: Errors, { spec }: PriorityLevelConfiguration): void {
  checkChoice(errors, 'spec.type', spec?.type, ['Exempt', 'Limited']);
  checkNotNegative(errors, 'spec.exempt.nominalConcurrencyShares', spec?.exempt?.nominalConcurrencyShares);
  const limited = spec?.limited;
  if (spec?.type === 'Exempt' && limited !== undefined)
    errors.push(fieldErrors.forbidden('spec.limited', 'must be nil if the type is not Limited'));
  if (spec?.type !== 'Limited') return;
  if (limited === undefined) {
    errors.push(fieldErrors.required('spec.limited', 'must not be empty when type is Limited'));
    return;
  }
  checkNotNegative(errors, 'spec.limited.nominalConcurrencyShares', limited.nominalConcurrencyShares);
  const { type, queuing } = limited.limitResponse ?? {};
  checkOptionalChoice(errors, 'spec.limited.limitResponse.type', type, ['Queue', 'Reject']);
  if (queuing === undefined) return;
  const { queues = 64, handSize = 8, queueLengthLimit = 50 } = queuing;
  const at = 'spec.limited.limitResponse.queuing';
  if (queues <= 0) errors.push(fieldErrors.invalid(`${at}.queues`, queues, 'must be positive'));
  if (queues > maxQueues)
    errors.push(fieldErrors.invalid(`${at}.queues`, queues, `must not be greater than ${maxQueues}`));
  if (queueLengthLimit <= 0)
    errors.push(fieldErrors.invalid(`${at}.queueLengthLimit`, queueLengthLimit, 'must be positive'));
  if (handSize <= 0) errors.push(fieldErrors.invalid(`${at}.handSize`, handSize, 'must be positive'));
  if (handSize > queues)
    errors.push(fieldErrors.invalid(`${at}.handSize`, handSize, `should not be greater than queues (${queues})`));
}
