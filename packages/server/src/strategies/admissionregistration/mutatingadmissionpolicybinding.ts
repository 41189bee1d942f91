import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/admissionregistration/mutatingadmissionpolicybinding/strategy.go`. */
export const mutatingAdmissionPolicyBinding: StrategyEntry = {
  group: 'admissionregistration.k8s.io',
  kind: 'MutatingAdmissionPolicyBinding',
  strategy: { generation: true },
};
