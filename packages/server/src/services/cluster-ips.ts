import {
  builtinKind,
  failures,
  fieldErrors,
  Ipv4Range,
  invalid,
  type Kind,
  type KubernetesObject,
  type Service,
  type Stored,
  timestamp,
} from '@orrery/api';
import type { Random } from '@orrery/core';
import type { ObjectStore, ObjectWrite } from '@orrery/store';
import { collectionOf } from '../collections.ts';
import type { ServerContext } from '../context.ts';
import { withIdentity } from '../prepare-write.ts';

/** The range of Services' cluster IPs. The first address is the API server's; 10.96.0.10 is the DNS server's, as with kubeadm. */
export const serviceNetwork = {
  range: Ipv4Range.of('10.96.0.0/16'),
  apiServer: '10.96.0.1',
  dns: '10.96.0.10',
} as const;

const attempts = 1000;

/** An object named after the address records the holder of a cluster IP (Kubernetes "Service ClusterIP allocation"). */
const ipAddress: Kind = builtinKind('networking.k8s.io/v1', 'IPAddress');
const collection = collectionOf(ipAddress);

interface IPAddress extends KubernetesObject {
  readonly spec?: { readonly parentRef?: { readonly namespace?: string; readonly name?: string } };
}

type Store = Pick<ObjectStore, 'get'>;

/**
 * The cluster IP of a Service: the one it requests, the one it has, or a free one.
 * @throws StatusError Invalid if it is allocated or out of range; InternalError if none is free
 */
export function clusterIpFor(store: Store, service: Service, old: Service | undefined, random: Random): string {
  const had = old?.spec.clusterIP ?? '';
  const given = service.spec?.clusterIP ?? service.spec?.clusterIPs?.[0] ?? had;
  if (given === '') return freeIp(store, random);
  if (given !== 'None' && given !== had) checkIp(store, service, given);
  return given;
}

function checkIp(store: Store, service: Service, ip: string): void {
  const refuse = (detail: string) =>
    invalid({ group: '', kind: 'Service' }, service.metadata.name, [
      fieldErrors.invalid('spec.clusterIPs', [ip], `failed to allocate IP ${ip}: ${detail}`),
    ]);
  if (!serviceNetwork.range.contains(ip))
    throw refuse(`the provided IP is not in the valid range. The range of valid IPs is ${serviceNetwork.range}`);
  if (holderOf(store, ip) !== undefined) throw refuse('provided IP is already allocated');
}

function freeIp(store: Store, random: Random): string {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const ip = serviceNetwork.range.at(random.integer(256) * 256 + 1 + random.integer(254));
    if (ip === serviceNetwork.apiServer || ip === serviceNetwork.dns) continue;
    if (holderOf(store, ip) === undefined) return ip;
  }
  throw failures.internal('failed to allocate a serviceIP: range is full');
}

function holderOf(store: Store, ip: string): Stored<IPAddress> | undefined {
  return store.get(collection, { namespace: '', name: ip }) as Stored<IPAddress> | undefined;
}

/** The writes that allocate or release a Service's cluster IP; `next` is absent on delete, `old` on create. */
export function clusterIpWrites(
  server: Pick<ServerContext, 'store' | 'environment' | 'strategies'>,
  next: Service | undefined,
  old: Service | undefined,
): readonly ObjectWrite[] {
  const [held, wanted] = [heldIp(old), heldIp(next)];
  if (held === wanted) return [];
  return [
    ...(next === undefined || wanted === undefined ? [] : [taking(server, next, wanted)]),
    ...(old === undefined || held === undefined ? [] : releaseWrites(server.store, old, held)),
  ];
}

function heldIp(service: Service | undefined): string | undefined {
  const ip = service?.spec?.clusterIP ?? '';
  return ip === '' || ip === 'None' ? undefined : ip;
}

function taking(
  { environment: { clock, random }, strategies }: Pick<ServerContext, 'environment' | 'strategies'>,
  { metadata: { namespace = '', name } }: Service,
  ip: string,
): ObjectWrite {
  const address = {
    apiVersion: ipAddress.apiVersion,
    kind: ipAddress.kind,
    metadata: {
      labels: {
        'ipaddress.kubernetes.io/ip-family': 'IPv4',
        'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
      },
    },
    spec: { parentRef: { group: '', resource: 'services', namespace, name } },
  };
  const identity = { name: ip, uid: random.uuid(), creationTimestamp: timestamp(clock.now()) };
  const object = strategies.of(ipAddress).prepareForCreate(withIdentity(address, identity));
  return { type: 'put', collection, object, expected: 0 };
}

/** Nothing if the address is not the Service's: a client has deleted the object that recorded it. */
function releaseWrites(store: Store, { metadata }: Service, ip: string): readonly ObjectWrite[] {
  const address = holderOf(store, ip);
  const { namespace, name } = address?.spec?.parentRef ?? {};
  if (address === undefined || name !== metadata.name || namespace !== metadata.namespace) return [];
  const expected = Number(address.metadata.resourceVersion);
  return [{ type: 'delete', collection, key: { namespace: '', name: ip }, expected }];
}
