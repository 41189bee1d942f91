import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/admissionregistration/mutatingadmissionpolicy/strategy.go`. */
export const mutatingAdmissionPolicy: StrategyEntry = {
  group: 'admissionregistration.k8s.io',
  kind: 'MutatingAdmissionPolicy',
  strategy: { generation: true },
};
