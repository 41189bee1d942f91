import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/core/persistentvolume/strategy.go`. */
export const persistentVolume: StrategyEntry = {
  group: '',
  kind: 'PersistentVolume',
  strategy: { returnDeletedObject: true, initialStatus: () => ({ phase: 'Pending' }) },
};
