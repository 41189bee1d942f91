import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/networking/ingress/strategy.go`. */
export const ingress: StrategyEntry = {
  group: 'networking.k8s.io',
  kind: 'Ingress',
  strategy: { generation: true },
};
