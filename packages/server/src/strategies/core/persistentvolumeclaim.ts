import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/core/persistentvolumeclaim/strategy.go`. */
export const persistentVolumeClaim: StrategyEntry = {
  group: '',
  kind: 'PersistentVolumeClaim',
  strategy: { returnDeletedObject: true, initialStatus: () => ({ phase: 'Pending' }) },
};
