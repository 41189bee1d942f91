import { isAlreadyExists, isNotFound, type KubernetesObject, Service } from '@orrery/api';
import type { Client } from '@orrery/core';
import { bootstrapPolicy, serviceNetwork, systemPriorityClasses } from '@orrery/server';

/** Namespaces that every cluster has. */
const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

function bootstrapObjects(): readonly KubernetesObject[] {
  return [
    ...namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    ...systemPriorityClasses,
    ...bootstrapPolicy(),
  ];
}

/** The API server's own Service. */
const apiService: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    name: 'kubernetes',
    namespace: 'default',
    labels: { component: 'apiserver', provider: 'kubernetes' },
  },
  spec: {
    type: 'ClusterIP',
    clusterIP: serviceNetwork.apiServer,
    ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }],
  },
};

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
    await client.create(apiService, { fieldManager: 'kube-apiserver' });
  }
}
