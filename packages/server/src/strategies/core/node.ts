import { nodeProxy } from '../../subresources/proxy.ts';
import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/core/node/strategy.go`. */
export const node: StrategyEntry = {
  group: '',
  kind: 'Node',
  // A node registers itself with a status.
  strategy: { initialStatus: 'keep', subresources: { proxy: { proxy: nodeProxy } } },
};
