import { checkHeldRules } from '../../rbac/escalation.ts';
import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/rbac/role/strategy.go` and `policybased/storage.go`. */
export const role: StrategyEntry = {
  group: 'rbac.authorization.k8s.io',
  kind: 'Role',
  strategy: { allowCreateOnUpdate: true, checkAccess: checkHeldRules },
};
