import { accessStatus, answered } from '../../subresources/reviews.ts';
import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/authorization/selfsubjectaccessreview/rest.go`. */
export const selfSubjectAccessReview: StrategyEntry = {
  group: 'authorization.k8s.io',
  kind: 'SelfSubjectAccessReview',
  strategy: {
    answer: async (server, { kind, user }, review) => answered(review, accessStatus(server, kind, review, user)),
  },
};
