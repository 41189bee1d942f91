import { checkBoundRules } from '../../rbac/escalation.ts';
import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/rbac/rolebinding/strategy.go` and `policybased/storage.go`. */
export const roleBinding: StrategyEntry = {
  group: 'rbac.authorization.k8s.io',
  kind: 'RoleBinding',
  strategy: { allowCreateOnUpdate: true, checkAccess: checkBoundRules },
};
