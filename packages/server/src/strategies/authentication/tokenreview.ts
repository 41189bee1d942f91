import { answered } from '../../subresources/reviews.ts';
import { tokenStatus } from '../../tokens/token-reviews.ts';
import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/authentication/tokenreview/storage.go`. */
export const tokenReview: StrategyEntry = {
  group: 'authentication.k8s.io',
  kind: 'TokenReview',
  strategy: { answer: async (server, _, review) => answered(review, await tokenStatus(server, review)) },
};
