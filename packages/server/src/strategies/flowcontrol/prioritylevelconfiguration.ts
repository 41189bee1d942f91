import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/flowcontrol/prioritylevelconfiguration/strategy.go`. */
export const priorityLevelConfiguration: StrategyEntry = {
  group: 'flowcontrol.apiserver.k8s.io',
  kind: 'PriorityLevelConfiguration',
  strategy: { generation: true },
};
