import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/admissionregistration/validatingadmissionpolicybinding/strategy.go`. */
export const validatingAdmissionPolicyBinding: StrategyEntry = {
  group: 'admissionregistration.k8s.io',
  kind: 'ValidatingAdmissionPolicyBinding',
  strategy: { generation: true },
};
