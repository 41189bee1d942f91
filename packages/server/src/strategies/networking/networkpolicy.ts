import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/networking/networkpolicy/strategy.go`. */
export const networkPolicy: StrategyEntry = {
  group: 'networking.k8s.io',
  kind: 'NetworkPolicy',
  strategy: { generation: true },
};
