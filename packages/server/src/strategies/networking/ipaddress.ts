import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/networking/ipaddress/strategy.go`. */
export const ipAddress: StrategyEntry = {
  group: 'networking.k8s.io',
  kind: 'IPAddress',
  strategy: { generation: true },
};
