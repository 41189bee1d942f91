import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/policy/poddisruptionbudget/strategy.go`. */
export const podDisruptionBudget: StrategyEntry = {
  group: 'policy',
  kind: 'PodDisruptionBudget',
  strategy: { generation: true, allowUnconditionalUpdate: false },
};
