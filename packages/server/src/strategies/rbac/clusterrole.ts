import { checkHeldRules } from '../../rbac/escalation.ts';
import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/rbac/clusterrole/strategy.go` and `policybased/storage.go`. */
export const clusterRole: StrategyEntry = {
  group: 'rbac.authorization.k8s.io',
  kind: 'ClusterRole',
  strategy: { allowCreateOnUpdate: true, checkAccess: checkHeldRules },
};
