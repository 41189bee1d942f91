import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/apiregistration/apiservice/strategy.go`. */
export const apiService: StrategyEntry = {
  group: 'apiregistration.k8s.io',
  kind: 'APIService',
  strategy: { generation: true, allowUnconditionalUpdate: false },
};
