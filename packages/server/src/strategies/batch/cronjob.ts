import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/batch/cronjob/strategy.go`. */
export const cronJob: StrategyEntry = {
  group: 'batch',
  kind: 'CronJob',
  strategy: { generation: true, podSpec: ['spec', 'jobTemplate', 'spec', 'template', 'spec'] },
};
