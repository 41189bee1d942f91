import type { KubernetesObject, Service, Stored } from '@orrery/api';
import type { ObjectWrite } from '@orrery/store';
import { produce } from 'immer';
import type { ServerContext } from '../context.ts';
import { clusterIpFor, clusterIpWrites } from './cluster-ips.ts';
import { nodePortsFor, nodePortWrites } from './node-ports.ts';

/** The Service with its cluster IP and node ports filled in. @throws StatusError Invalid if one is allocated or out of range */
export function withAddresses(
  { store, environment: { random } }: Pick<ServerContext, 'store' | 'environment'>,
  object: KubernetesObject,
  before: Stored | undefined,
): KubernetesObject {
  const [service, old] = [object as Service, before as Stored<Service> | undefined];
  return produce(service, (draft) => {
    // An object that is not a valid Service is refused later, by validation.
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

/** The writes in the same commit as a Service: the addresses that it allocates and releases. */
export function addressWrites(
  server: Pick<ServerContext, 'store' | 'environment' | 'strategies'>,
  next: KubernetesObject | undefined,
  old: Stored | undefined,
): readonly ObjectWrite[] {
  const [after, before] = [next as Service | undefined, old as Stored<Service> | undefined];
  return [...clusterIpWrites(server, after, before), ...nodePortWrites(server.store, after, before)];
}
