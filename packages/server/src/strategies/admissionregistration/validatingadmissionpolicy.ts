import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/admissionregistration/validatingadmissionpolicy/strategy.go`. */
export const validatingAdmissionPolicy: StrategyEntry = {
  group: 'admissionregistration.k8s.io',
  kind: 'ValidatingAdmissionPolicy',
  strategy: { generation: true },
};
