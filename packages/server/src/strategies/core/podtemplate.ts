import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/core/podtemplate/strategy.go`. */
export const podTemplate: StrategyEntry = {
  group: '',
  kind: 'PodTemplate',
  strategy: { allowCreateOnUpdate: true, returnDeletedObject: true, podSpec: ['template', 'spec'] },
};
