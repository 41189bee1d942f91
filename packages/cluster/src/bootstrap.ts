import {
  deepFreeze,
  EndpointSlice,
  Endpoints,
  isNotFound,
  type Kind,
  type KubernetesObject,
  Service,
} from '@orrery/api';
import type { Client } from '@orrery/core';
import type { NetworkEndpoint } from '@orrery/runtimes';
import {
  type ApiServer,
  aggregatedSeeds,
  bootstrapPolicy,
  flowManagers,
  flowSeeds,
  systemPriorityClasses,
} from '@orrery/server';
import { apiServerEndpoints, apiServerService } from './in-cluster-access.ts';

const fieldManager = 'kube-apiserver';

/** Namespaces that every cluster has. */
const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

const policy = bootstrapPolicy();

/** Frozen, so that they are prepared once per process. */
const bootstrapObjects: readonly KubernetesObject[] = deepFreeze([
  ...namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
  ...systemPriorityClasses,
  ...policy,
]);

const bootstrapOptions = { fieldManager, next: aggregatedSeeds(policy) };

const flowObjects: readonly KubernetesObject[] = deepFreeze(flowSeeds());

/**
 * Creates the initial objects of a cluster, unless a durable store has them from an earlier run: namespaces, default roles, priority
 * classes, priority levels, and the API server's own Service, whose endpoint is the address at which containers reach it.
 */
export async function bootstrap(server: ApiServer, client: Client, apiServer: NetworkEndpoint): Promise<void> {
  await server.seed(bootstrapObjects, bootstrapOptions);
  await server.seed(flowObjects, flowManagers);
  const [endpoints, slice] = apiServerEndpoints(apiServer);
  await keep(client, Endpoints, endpoints);
  await keep(client, EndpointSlice, slice);
  await keep(client, Service, apiServerService(apiServer));
}

/** Creates or updates an object: in an earlier run, the API server may have had another address. */
async function keep<T extends KubernetesObject>(client: Client, kind: Kind<T>, wanted: T): Promise<void> {
  const { name = '', namespace = '' } = wanted.metadata ?? {};
  let resourceVersion: string;
  try {
    ({ resourceVersion } = (await client.get(kind, { namespace, name })).metadata);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await client.create(wanted, { fieldManager });
    return;
  }
  await client.update({ ...wanted, metadata: { ...wanted.metadata, resourceVersion } }, { fieldManager });
}
