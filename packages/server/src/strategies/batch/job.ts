import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/batch/job/strategy.go`. */
export const job: StrategyEntry = {
  group: 'batch',
  kind: 'Job',
  strategy: { generation: true, podSpec: ['spec', 'template', 'spec'] },
};
