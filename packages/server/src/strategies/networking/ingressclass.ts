import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/networking/ingressclass/strategy.go`. */
export const ingressClass: StrategyEntry = {
  group: 'networking.k8s.io',
  kind: 'IngressClass',
  strategy: { generation: true },
};
