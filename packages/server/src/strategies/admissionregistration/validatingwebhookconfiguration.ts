import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/admissionregistration/validatingwebhookconfiguration/strategy.go`. */
export const validatingWebhookConfiguration: StrategyEntry = {
  group: 'admissionregistration.k8s.io',
  kind: 'ValidatingWebhookConfiguration',
  strategy: { generation: true },
};
