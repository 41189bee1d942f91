import {
  failures,
  fieldErrors,
  Ipv4Range,
  invalid,
  type KubernetesObject,
  type Service,
  type Stored,
} from '@orrery/api';
import type { Random } from '@orrery/core';
import { type Draft, produce } from 'immer';
import type { ServerContext } from '../context.ts';

/** The range of Services' cluster IPs. The first address is the API server's; 10.96.0.10 is the DNS server's, as kubeadm has it. */
export const serviceNetwork = {
  range: Ipv4Range.of('10.96.0.0/16'),
  apiServer: '10.96.0.1',
  dns: '10.96.0.10',
} as const;

const nodePorts = { first: 30_000, last: 32_767 } as const;
const attempts = 1000;

/** Gives a Service what it lacks of cluster IP and node ports (Kubernetes "Service ClusterIP allocation"). @throws StatusError like {@link withAddresses} */
export function allocateAddresses(
  { store, environment }: Pick<ServerContext, 'store' | 'environment'>,
  object: KubernetesObject,
  old: Stored | undefined,
): KubernetesObject {
  const services = store.list('services').items as readonly Stored<Service>[];
  const others = services.filter((other) => other.metadata.uid !== object.metadata?.uid);
  return withAddresses(object as Service, old as Stored<Service> | undefined, others, environment.random);
}

/** The Service with what it lacks of addresses filled in. @throws StatusError Invalid for an address that is taken or foreign */
function withAddresses(
  service: Service,
  old: Service | undefined,
  others: readonly Service[],
  random: Random,
): Service {
  return produce(service, (draft) => {
    // What is no Service at all is refused later, by validation.
    draft.spec ??= {};
    fillAddresses(draft.spec, service, old, others, random);
  });
}

function fillAddresses(
  spec: Draft<Service['spec']>,
  service: Service,
  old: Service | undefined,
  others: readonly Service[],
  random: Random,
): void {
  const type = spec.type ?? 'ClusterIP';
  if (type === 'ExternalName') {
    delete spec.clusterIP;
    delete spec.clusterIPs;
    return;
  }
  const takenIps = new Set(others.flatMap((other) => other.spec.clusterIPs ?? []));
  const given = spec.clusterIP ?? spec.clusterIPs?.[0] ?? old?.spec.clusterIP ?? '';
  const clusterIP = given === '' ? freeIp(takenIps, random) : given;
  if (clusterIP !== 'None' && given !== '' && given !== old?.spec.clusterIP) checkIp(service, clusterIP, takenIps);
  spec.clusterIP = clusterIP;
  spec.clusterIPs = [clusterIP];
  spec.ipFamilies ??= ['IPv4'];
  spec.ipFamilyPolicy ??= 'SingleStack';
  if (type === 'NodePort' || type === 'LoadBalancer') fillNodePorts(spec.ports ?? [], others, random);
}

function checkIp(service: Service, ip: string, taken: ReadonlySet<string>): void {
  const refuse = (detail: string) =>
    invalid({ group: '', kind: 'Service' }, service.metadata.name, [
      fieldErrors.invalid('spec.clusterIPs', [ip], `failed to allocate IP ${ip}: ${detail}`),
    ]);
  if (!serviceNetwork.range.contains(ip))
    throw refuse(`the provided IP is not in the valid range. The range of valid IPs is ${serviceNetwork.range}`);
  if (taken.has(ip)) throw refuse('provided IP is already allocated');
}

function freeIp(taken: ReadonlySet<string>, random: Random): string {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const ip = serviceNetwork.range.at(random.integer(256) * 256 + 1 + random.integer(254));
    if (!taken.has(ip) && ip !== serviceNetwork.apiServer && ip !== serviceNetwork.dns) return ip;
  }
  throw failures.internal('failed to allocate a serviceIP: range is full');
}

function fillNodePorts(
  ports: NonNullable<Draft<Service['spec']>['ports']>,
  others: readonly Service[],
  random: Random,
): void {
  const taken = new Set(others.flatMap((other) => (other.spec.ports ?? []).map(({ nodePort }) => nodePort)));
  for (const port of ports) {
    if ((port.nodePort ?? 0) !== 0) continue;
    port.nodePort = freeNodePort(taken, random);
    taken.add(port.nodePort);
  }
}

function freeNodePort(taken: ReadonlySet<number | undefined>, random: Random): number {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const nodePort = nodePorts.first + random.integer(nodePorts.last - nodePorts.first + 1);
    if (!taken.has(nodePort)) return nodePort;
  }
  throw failures.internal('failed to allocate a nodePort: range is full');
}
