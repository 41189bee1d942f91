import {
  failures,
  fieldErrors,
  fromBase64,
  invalid,
  type KubernetesObject,
  type Service,
  type Stored,
  toBase64,
} from '@orrery/api';
import type { Random } from '@orrery/core';
import type { ObjectStore, ObjectWrite } from '@orrery/store';

const range = { first: 30_000, last: 32_767 } as const;
const rangeText = `${range.first}-${range.last}`;
const attempts = 1000;

/**
 * The allocated node ports are one object of the store that no client sees: a RangeAllocation (core/v1), as Kubernetes keeps
 * it in etcd. Each allocation replaces it, so that no port can be allocated twice.
 */
const collection = 'rangeallocations';
const key = { namespace: '', name: 'servicenodeports' };

interface RangeAllocation extends KubernetesObject {
  readonly range: string;
  /** Base64 of a bitmap of the allocated ports: the first byte covers the first eight ports, lowest bit first. */
  readonly data: string;
}

type Store = Pick<ObjectStore, 'get'>;
type Port = NonNullable<Service['spec']['ports']>[number];

/**
 * The node ports of a Service, in the order of its ports: those it requests, and free ones.
 * @throws StatusError Invalid if one is allocated or out of range; InternalError if none is free
 */
export function nodePortsFor(
  store: Store,
  service: Service,
  old: Service | undefined,
  random: Random,
): readonly number[] {
  const taken = new Set(heldPorts(store));
  for (const port of nodePortsOf(old)) taken.delete(port);
  const ports = service.spec?.ports ?? [];
  checkGiven(service, ports, taken);
  for (const { nodePort } of ports) if (isGiven(nodePort)) taken.add(nodePort);
  return ports.map(({ nodePort }) => {
    if (isGiven(nodePort)) return nodePort;
    const free = freePort(taken, random);
    taken.add(free);
    return free;
  });
}

function isGiven(nodePort: number | undefined): nodePort is number {
  return nodePort !== undefined && nodePort !== 0;
}

/** Two ports of one Service may share a node port if their protocols differ. */
function checkGiven(service: Service, ports: readonly Port[], taken: ReadonlySet<number>): void {
  const own = new Set<string>();
  for (const [index, { nodePort, protocol = 'TCP' }] of ports.entries()) {
    if (!isGiven(nodePort)) continue;
    const refuse = (why: string) =>
      invalid({ group: '', kind: 'Service' }, service.metadata.name, [
        fieldErrors.invalid(`spec.ports[${index}].nodePort`, nodePort, why),
      ]);
    if (nodePort < range.first || nodePort > range.last)
      throw refuse(`provided port is not in the valid range. The range of valid ports is ${rangeText}`);
    if (taken.has(nodePort) || own.has(`${nodePort}/${protocol}`)) throw refuse('provided port is already allocated');
    own.add(`${nodePort}/${protocol}`);
  }
}

function freePort(taken: ReadonlySet<number>, random: Random): number {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = range.first + random.integer(range.last - range.first + 1);
    if (!taken.has(port)) return port;
  }
  throw failures.internal('failed to allocate a nodePort: range is full');
}

/** The writes that allocate or release a Service's node ports; `next` is absent on delete, `old` on create. */
export function nodePortWrites(
  store: Store,
  next: Service | undefined,
  old: Service | undefined,
): readonly ObjectWrite[] {
  const [wanted, held] = [nodePortsOf(next), nodePortsOf(old)];
  if (wanted.size === held.size && wanted.isSubsetOf(held)) return [];
  const stored = allocation(store);
  const object: RangeAllocation = {
    apiVersion: 'v1',
    kind: 'RangeAllocation',
    metadata: { name: key.name },
    range: rangeText,
    data: bitsOf(heldPorts(store).difference(held).union(wanted)),
  };
  return [{ type: 'put', collection, object, expected: Number(stored?.metadata.resourceVersion ?? 0) }];
}

/** Ports out of range are not allocated. */
function nodePortsOf(service: Service | undefined): ReadonlySet<number> {
  const ports = (service?.spec?.ports ?? []).map(({ nodePort }) => nodePort).filter(isGiven);
  return new Set(ports.filter((port) => port >= range.first && port <= range.last));
}

function allocation(store: Store): Stored<RangeAllocation> | undefined {
  return store.get(collection, key) as Stored<RangeAllocation> | undefined;
}

function heldPorts(store: Store): ReadonlySet<number> {
  const held = new Set<number>();
  for (const [index, byte] of fromBase64(allocation(store)?.data ?? '').entries()) {
    for (let bit = 0; bit < 8; bit++) if ((byte & (1 << bit)) !== 0) held.add(range.first + index * 8 + bit);
  }
  return held;
}

function bitsOf(ports: ReadonlySet<number>): string {
  const bytes = new Uint8Array(Math.ceil((range.last - range.first + 1) / 8));
  for (const port of ports) {
    const place = port - range.first;
    bytes[place >> 3] = (bytes[place >> 3] ?? 0) | (1 << (place & 7));
  }
  return toBase64(bytes);
}
