import { ReplicaSet } from '@orrery/api';
import type { Controller } from '@orrery/core';
import { replicaController } from './replica-controller.ts';

/** Keeps as many Pods of its template as a ReplicaSet asks for (Kubernetes "ReplicaSet"). */
export function replicaSetController(): Controller {
  return replicaController({
    name: 'replicaset-controller',
    kind: ReplicaSet,
    selectorOf: ({ spec }) => spec.selector,
  });
}
