import { ReplicationController } from '@orrery/api';
import type { Controller } from '@orrery/core';
import { replicaController } from '../replicaset/replica-controller.ts';

/** Keeps as many Pods of its template as a ReplicationController asks for (Kubernetes "ReplicationController"). */
export function replicationController(): Controller {
  return replicaController({
    name: 'replication-controller',
    kind: ReplicationController,
    selectorOf: ({ spec }) => (spec.selector === undefined ? undefined : { matchLabels: spec.selector }),
  });
}
