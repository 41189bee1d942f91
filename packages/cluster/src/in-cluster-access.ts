import { type EndpointSlice, type Endpoints, type Service, textToBase64 } from '@orrery/api';
import type { Environment } from '@orrery/core';
import type { SimNetwork } from '@orrery/runtimes/sim';
import { type ApiServer, createInClusterHandler, serviceNetwork } from '@orrery/server';

/** Where the API server is on the network of the simulated nodes; the first node comes right after it. */
const apiServer = { ip: '192.168.0.10', port: 6443 } as const;

const pem = (text: string) =>
  `-----BEGIN CERTIFICATE-----\n${textToBase64(text).replace(/.{64}/g, '$&\n').trimEnd()}\n-----END CERTIFICATE-----\n`;

/** Stands for a certificate where all clients are simulated: it has the form of one, and nothing in it can be checked. */
export const simulatedCertificates = pem(
  'This certificate authority exists only for the containers of a simulated cluster.',
);

/** What in-cluster access is made of. */
export interface InClusterAccess {
  readonly server: ApiServer;
  readonly network: SimNetwork;
  readonly environment: Environment;
  /** PEM of the authority that clients check the server with. */
  readonly certificates: string;
}

/**
 * Serves the API to the cluster's own containers, at the API server's address; its Service leads there as any other does
 * (Kubernetes "Accessing the Kubernetes API from a Pod"). Disposing ends it.
 */
export function serveInCluster({ server, network, environment, certificates }: InClusterAccess): Disposable {
  return network.serve(apiServer.ip, apiServer.port, createInClusterHandler(server, environment), {
    tls: { certificateAuthority: certificates },
  });
}

const metadata = { name: 'kubernetes', namespace: 'default' } as const;

/** The API server's own Service. */
export const apiServerService: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { ...metadata, labels: { component: 'apiserver', provider: 'kubernetes' } },
  spec: {
    type: 'ClusterIP',
    clusterIP: serviceNetwork.apiServer,
    ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: apiServer.port }],
  },
};

const port = { name: 'https', port: apiServer.port, protocol: 'TCP' } as const;

/** Where that Service leads: the API server says so itself, as the Service selects no Pods. */
export const apiServerEndpoints: readonly [Endpoints, EndpointSlice] = [
  {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { ...metadata, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: apiServer.ip }], ports: [port] }],
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': metadata.name } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [apiServer.ip], conditions: { ready: true } }],
    ports: [port],
  },
];
