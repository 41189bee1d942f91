import { requestToken } from '../../tokens/token-requests.ts';
import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/core/serviceaccount/strategy.go`, and `storage/token.go`. */
export const serviceAccount: StrategyEntry = {
  group: '',
  kind: 'ServiceAccount',
  strategy: { returnDeletedObject: true, subresources: { token: { create: requestToken } } },
};
