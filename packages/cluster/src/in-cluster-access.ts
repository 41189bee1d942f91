import { type EndpointSlice, type Endpoints, type Service, textToBase64 } from '@orrery/api';
import type { NetworkEndpoint } from '@orrery/runtimes';
import { serviceNetwork } from '@orrery/server';

const pem = (text: string) =>
  `-----BEGIN CERTIFICATE-----\n${textToBase64(text).replace(/.{64}/g, '$&\n').trimEnd()}\n-----END CERTIFICATE-----\n`;

/** A placeholder certificate for simulated clients: it has the form of one, and nothing in it can be verified. */
export const simulatedCertificates = pem(
  'This certificate authority exists only for the containers of a simulated cluster.',
);

const metadata = { name: 'kubernetes', namespace: 'default' } as const;

/**
 * The API server's own Service: containers reach the API at its address as at any other Service's (Kubernetes "Accessing the
 * Kubernetes API from a Pod").
 */
export function apiServerService({ port }: NetworkEndpoint): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...metadata, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      type: 'ClusterIP',
      clusterIP: serviceNetwork.apiServer,
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }],
    },
  };
}

/** The endpoints of that Service: the API server sets them itself, as the Service has no selector. */
export function apiServerEndpoints({ ip, port }: NetworkEndpoint): readonly [Endpoints, EndpointSlice] {
  const ports = [{ name: 'https', port, protocol: 'TCP' as const }];
  return [
    {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { ...metadata, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
      subsets: [{ addresses: [{ ip }], ports }],
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': metadata.name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [ip], conditions: { ready: true } }],
      ports,
    },
  ];
}
