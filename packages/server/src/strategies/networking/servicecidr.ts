import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/networking/servicecidr/strategy.go`. */
export const serviceCidr: StrategyEntry = {
  group: 'networking.k8s.io',
  kind: 'ServiceCIDR',
  strategy: { generation: true },
};
