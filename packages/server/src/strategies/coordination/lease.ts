import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/coordination/lease/strategy.go`. */
export const lease: StrategyEntry = {
  group: 'coordination.k8s.io',
  kind: 'Lease',
  strategy: { allowCreateOnUpdate: true, allowUnconditionalUpdate: false },
};
