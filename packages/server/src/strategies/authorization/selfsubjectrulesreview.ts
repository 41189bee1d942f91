import { answered, rulesStatus } from '../../subresources/reviews.ts';
import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/authorization/selfsubjectrulesreview/rest.go`. */
export const selfSubjectRulesReview: StrategyEntry = {
  group: 'authorization.k8s.io',
  kind: 'SelfSubjectRulesReview',
  strategy: { answer: async (server, { user }, review) => answered(review, rulesStatus(server, user, review)) },
};
