import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/apps/replicaset/strategy.go`. */
export const replicaSet: StrategyEntry = {
  group: 'apps',
  kind: 'ReplicaSet',
  strategy: { generation: true, podSpec: ['spec', 'template', 'spec'] },
};
