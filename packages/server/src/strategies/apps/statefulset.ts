import type { KubernetesObject, StatefulSet } from '@orrery/api';
import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/apps/statefulset/strategy.go`. */
export const statefulSet: StrategyEntry = {
  group: 'apps',
  kind: 'StatefulSet',
  strategy: {
    generation: true,
    podSpec: ['spec', 'template', 'spec'],
    warningsOnCreate: warnings,
    warningsOnUpdate: warnings,
  },
};

function warnings(object: KubernetesObject): readonly string[] {
  const { revisionHistoryLimit = 0 } = (object as StatefulSet).spec ?? {};
  if (revisionHistoryLimit >= 0) return [];
  return ['spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended'];
}
