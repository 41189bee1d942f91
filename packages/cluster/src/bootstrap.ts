import { isAlreadyExists, isNotFound, type KubernetesObject, Service } from '@orrery/api';
import type { Client } from '@orrery/core';
import { bootstrapPolicy, systemPriorityClasses } from '@orrery/server';
import { apiServerEndpoints, apiServerService } from './in-cluster-access.ts';

/** Namespaces that every cluster has. */
const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

function bootstrapObjects(): readonly KubernetesObject[] {
  return [
    ...namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    ...systemPriorityClasses,
    ...bootstrapPolicy(),
    ...apiServerEndpoints,
  ];
}

/** Creates what a cluster has from its first moment: namespaces, default roles, priority classes, the API server's own Service. */
export async function bootstrap(client: Client): Promise<void> {
  for (const object of bootstrapObjects()) {
    try {
      await client.create(object, { fieldManager: 'kube-apiserver' });
    } catch (error) {
      // A durable store may have it from an earlier life.
      if (!isAlreadyExists(error)) throw error;
    }
  }
  try {
    await client.get(Service, { namespace: 'default', name: 'kubernetes' });
  } catch (error) {
    // Looked for first: its address is taken if it is there, and that is what a second creation would be refused for.
    if (!isNotFound(error)) throw error;
    await client.create(apiServerService, { fieldManager: 'kube-apiserver' });
  }
}
