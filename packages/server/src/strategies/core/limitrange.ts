import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/core/limitrange/strategy.go`. */
export const limitRange: StrategyEntry = {
  group: '',
  kind: 'LimitRange',
  strategy: { allowCreateOnUpdate: true },
};
