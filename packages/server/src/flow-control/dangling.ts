import type { FlowSchema } from '@orrery/api';

/** The field manager of the conditions of flow schemas. */
export const statusManager = 'api-priority-and-fairness-config-consumer-v1';

type Condition = NonNullable<NonNullable<FlowSchema['status']>['conditions']>[number];

/**
 * The condition `Dangling` of a schema: whether the priority level that it refers to is missing. Undefined if it has that condition already.
 * Pure.
 * @param now as in a timestamp
 */
export function danglingCondition(schema: FlowSchema, exists: boolean, now: string): Condition | undefined {
  const level = JSON.stringify(schema.spec.priorityLevelConfiguration.name);
  const object = `This FlowSchema references the PriorityLevelConfiguration object named ${level}`;
  const wanted = exists
    ? { status: 'False', reason: 'Found', message: `${object} and it exists` }
    : { status: 'True', reason: 'NotFound', message: `${object} but there is no such object` };
  const present = schema.status?.conditions?.find(({ type }) => type === 'Dangling');
  const { status, reason, message } = present ?? {};
  if (status === wanted.status && reason === wanted.reason && message === wanted.message) return undefined;
  const since = status === wanted.status ? (present?.lastTransitionTime ?? now) : now;
  return { type: 'Dangling', lastTransitionTime: since, ...wanted };
}
