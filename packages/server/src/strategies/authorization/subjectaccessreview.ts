import { accessStatus, answered, subjectErrors, subjectOf } from '../../subresources/reviews.ts';
import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/authorization/subjectaccessreview/rest.go`. */
export const subjectAccessReview: StrategyEntry = {
  group: 'authorization.k8s.io',
  kind: 'SubjectAccessReview',
  strategy: {
    answer: async (server, { kind }, review) =>
      answered(review, accessStatus(server, kind, review, subjectOf(review), subjectErrors(review))),
  },
};
