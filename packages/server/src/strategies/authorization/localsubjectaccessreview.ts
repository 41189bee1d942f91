import { accessStatus, answered, localErrors, subjectErrors, subjectOf } from '../../subresources/reviews.ts';
import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/authorization/localsubjectaccessreview/rest.go`. */
export const localSubjectAccessReview: StrategyEntry = {
  group: 'authorization.k8s.io',
  kind: 'LocalSubjectAccessReview',
  strategy: {
    answer: async (server, { kind, namespace }, review) => {
      const errors = [...subjectErrors(review), ...localErrors(review, namespace)];
      return answered(review, accessStatus(server, kind, review, subjectOf(review), errors));
    },
  },
};
