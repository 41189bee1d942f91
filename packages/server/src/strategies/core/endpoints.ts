import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/core/endpoints/strategy.go`. */
export const endpoints: StrategyEntry = {
  group: '',
  kind: 'Endpoints',
  strategy: { allowCreateOnUpdate: true },
};
