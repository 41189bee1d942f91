import { formatLabelSelector } from '@orrery/api';
import { scaleEndpoint } from '../../subresources/scale.ts';
import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/core/replicationcontroller/strategy.go`. */
export const replicationController: StrategyEntry = {
  group: '',
  kind: 'ReplicationController',
  strategy: {
    generation: true,
    orphansByDefault: true,
    podSpec: ['spec', 'template', 'spec'],
    subresources: {
      // Its selector is a plain map of labels.
      scale: scaleEndpoint((labels) =>
        formatLabelSelector({ matchLabels: labels as { readonly [key: string]: string } }),
      ),
    },
  },
};
