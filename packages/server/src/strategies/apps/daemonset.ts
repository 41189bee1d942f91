import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/apps/daemonset/strategy.go`. */
export const daemonSet: StrategyEntry = {
  group: 'apps',
  kind: 'DaemonSet',
  strategy: { generation: true, podSpec: ['spec', 'template', 'spec'] },
};
