import type { FlowSchema, PriorityLevelConfiguration } from '@orrery/api';
import { danglingCondition, statusManager } from './dangling.ts';
import { defaultFlowSchemas, defaultPriorityLevels, producer } from './default-configuration.ts';

/** The configuration of API Priority and Fairness that a cluster begins with. The time of its conditions is the cluster's to set. */
export function flowSeeds(): readonly (FlowSchema | PriorityLevelConfiguration)[] {
  const schemas = defaultFlowSchemas.map((schema): FlowSchema => {
    const condition = danglingCondition(schema, true, '1970-01-01T00:00:00Z');
    return condition === undefined ? schema : { ...schema, status: { conditions: [condition] } };
  });
  return [...defaultPriorityLevels, ...schemas];
}

/** Who owns the fields of these objects. */
export const flowManagers = { fieldManager: producer, statusManager } as const;
