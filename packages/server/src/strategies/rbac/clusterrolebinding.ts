import { checkBoundRules } from '../../rbac/escalation.ts';
import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/rbac/clusterrolebinding/strategy.go` and `policybased/storage.go`. */
export const clusterRoleBinding: StrategyEntry = {
  group: 'rbac.authorization.k8s.io',
  kind: 'ClusterRoleBinding',
  strategy: { allowCreateOnUpdate: true, checkAccess: checkBoundRules },
};
