import type { KubernetesObject, Service, Stored } from '@orrery/api';
import type { ObjectWrite } from '@orrery/store';
import { produce } from 'immer';
import type { ServerContext } from '../context.ts';
import { clusterIpFor, clusterIpWrites } from './cluster-ips.ts';
import { nodePortsFor, nodePortWrites } from './node-ports.ts';

/** The Service with what it lacks of cluster IP and node ports. @throws StatusError Invalid for an address that is taken or foreign */
export function withAddresses(
  { store, environment: { random } }: Pick<ServerContext, 'store' | 'environment'>,
  object: KubernetesObject,
  before: Stored | undefined,
): KubernetesObject {
  const [service, old] = [object as Service, before as Stored<Service> | undefined];
  return produce(service, (draft) => {
    // What is no Service at all is refused later, by validation.
    draft.spec ??= {};
    const { spec } = draft;
    const type = spec.type ?? 'ClusterIP';
    if (type === 'ExternalName') {
      delete spec.clusterIP;
      delete spec.clusterIPs;
      return;
    }
    spec.clusterIP = clusterIpFor(store, service, old, random);
    spec.clusterIPs = [spec.clusterIP];
    spec.ipFamilies ??= ['IPv4'];
    spec.ipFamilyPolicy ??= 'SingleStack';
    if (type !== 'NodePort' && type !== 'LoadBalancer') return;
    for (const [index, nodePort] of nodePortsFor(store, service, old, random).entries()) {
      const port = spec.ports?.[index];
      if (port !== undefined) port.nodePort = nodePort;
    }
  });
}

/** What is written in the same commit as a Service: what it takes of the cluster's addresses, and what it gives back. */
export function addressWrites(
  server: Pick<ServerContext, 'store' | 'environment' | 'strategies'>,
  next: KubernetesObject | undefined,
  old: Stored | undefined,
): readonly ObjectWrite[] {
  const [after, before] = [next as Service | undefined, old as Stored<Service> | undefined];
  return [...clusterIpWrites(server, after, before), ...nodePortWrites(server.store, after, before)];
}
