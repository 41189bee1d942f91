import { equalJson, type KubernetesObject, type Stored } from '@orrery/api';
import { desiredStateChanged, withStatus } from '../default-strategy.ts';
import { withField, withMetadataField } from '../fields.ts';
import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/apps/deployment/strategy.go`. */
export const deployment: StrategyEntry = {
  group: 'apps',
  kind: 'Deployment',
  strategy: {
    // Annotations of a Deployment are copied to its ReplicaSets: they are desired state too.
    generation: (object, old) =>
      desiredStateChanged(object, old) ||
      !equalJson(object.metadata?.annotations ?? {}, old.metadata.annotations ?? {}),
    podSpec: ['spec', 'template', 'spec'],
    subresources: { status: { prepareForUpdate: withStatusExceptLabels } },
  },
};

/** A status update of a Deployment does not change its labels. */
function withStatusExceptLabels(object: KubernetesObject, old: Stored): KubernetesObject {
  const next = withStatus(object, old);
  return withField(next, 'metadata', withMetadataField(next.metadata ?? {}, 'labels', old.metadata.labels));
}
