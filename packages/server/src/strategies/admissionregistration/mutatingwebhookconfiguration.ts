import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/admissionregistration/mutatingwebhookconfiguration/strategy.go`. */
export const mutatingWebhookConfiguration: StrategyEntry = {
  group: 'admissionregistration.k8s.io',
  kind: 'MutatingWebhookConfiguration',
  strategy: { generation: true },
};
