import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/flowcontrol/flowschema/strategy.go`. */
export const flowSchema: StrategyEntry = {
  group: 'flowcontrol.apiserver.k8s.io',
  kind: 'FlowSchema',
  strategy: { generation: true },
};
