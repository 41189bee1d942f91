import { answered, userInfoBody } from '../../subresources/reviews.ts';
import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/authentication/selfsubjectreview/rest.go`. */
export const selfSubjectReview: StrategyEntry = {
  group: 'authentication.k8s.io',
  kind: 'SelfSubjectReview',
  strategy: {
    answer: async (_, { user }, review) => answered({ ...review, metadata: {} }, { userInfo: userInfoBody(user) }),
  },
};
