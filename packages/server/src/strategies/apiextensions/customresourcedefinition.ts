import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/apiextensions/customresourcedefinition/strategy.go`. */
export const customResourceDefinition: StrategyEntry = {
  group: 'apiextensions.k8s.io',
  kind: 'CustomResourceDefinition',
  strategy: { generation: true, allowUnconditionalUpdate: false },
};
