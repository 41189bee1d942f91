import { Endpoints, failures, type Pod, type Service, StatusError, type Stored } from '@orrery/api';
import type { ServerContext } from '../context.ts';
import type { NodeApi, PortConnection } from '../node-api.ts';
import { storedObject } from '../reads.ts';
import type { RequestScope } from '../request-path.ts';

/** The backend of a request to a `proxy` subresource. */
export type ProxyBackend = PortBackend | KubeletBackend;

/** A port of a Pod, by itself or behind a Service. */
export interface PortBackend {
  readonly type: 'port';
  readonly scheme: 'http' | 'https';
  /** `10.244.0.7:80`. */
  readonly address: string;
  /** @throws StatusError ServiceUnavailable if the port does not answer */
  connect(): Promise<PortConnection>;
}

/** The kubelet of a node. */
export interface KubeletBackend {
  readonly type: 'kubelet';
  readonly node: NodeApi;
  /** The Pods that are bound to the node. */
  pods(): readonly Stored<Pod>[];
}

/** The name before `/proxy`: `web`, `web:8080`, `https:web:443`, `http:web:`. */
export interface ProxyName {
  /** `''`: http. */
  readonly scheme: '' | 'http' | 'https';
  readonly name: string;
  /** A number, or the name of a Service's port; `''` if there is none. */
  readonly port: string;
}

/** Parses the name in the URL of a proxy request; undefined if it is invalid. Pure. */
export function proxyName(id: string): ProxyName | undefined {
  const parts = id.split(':');
  if (parts.length > 3) return undefined;
  const [scheme, name, port] =
    parts.length === 3 ? parts : parts.length === 2 ? ['', ...parts] : ['', parts[0] ?? '', ''];
  if (name === undefined || name === '' || !isScheme(scheme)) return undefined;
  return { scheme, name, port: port ?? '' };
}

function isScheme(scheme: string | undefined): scheme is ProxyName['scheme'] {
  return scheme === '' || scheme === 'http' || scheme === 'https';
}

function idOf({ kind, name }: RequestScope): ProxyName {
  const id = proxyName(name);
  if (id !== undefined) return id;
  throw failures.badRequest(`invalid ${kind.kind.toLowerCase()} request ${JSON.stringify(name)}`);
}

/** The port of kubelets. */
const kubeletPort = '10250';

/** Finds the backend of `pods/NAME/proxy`. @throws StatusError BadRequest for an invalid name, NotFound */
export function podProxy(server: ServerContext, scope: RequestScope): PortBackend {
  const id = idOf(scope);
  const pod = storedObject(server, { ...scope, name: id.name }) as Stored<Pod>;
  const declared = pod.spec.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort;
  return portBackend(server, pod, id.scheme, id.port === '' ? String(declared ?? '') : id.port);
}

/** Finds the backend of `services/NAME/proxy`. @throws StatusError like {@link podProxy}; ServiceUnavailable if no endpoint is ready */
export function serviceProxy(server: ServerContext, scope: RequestScope): PortBackend {
  const { scheme, name, port } = idOf(scope);
  const { namespace } = scope;
  const service = () => storedObject(server, { ...scope, name }) as Stored<Service>;
  const portName = /^\d+$/.test(port) ? namedPort(service(), Number(port)) : port;
  const { subsets = [] } = storedObject(server, { kind: Endpoints, namespace, name }) as Stored<Endpoints>;
  if (subsets.length === 0) throw unavailable(name);
  const ready = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports
      .filter((one) => (one.name ?? '') === portName)
      .flatMap((one) => addresses.map((address) => ({ address, port: one.port }))),
  );
  // The first ready address; addresses that do not belong to a Pod are never used, as they could belong to any host.
  const start = ready.length > 1 ? server.environment.random.integer(ready.length) : 0;
  for (let at = 0; at < ready.length; at++) {
    const candidate = ready[(start + at) % ready.length];
    const { ip, targetRef } = candidate?.address ?? {};
    if (targetRef?.kind !== 'Pod' || candidate === undefined) continue;
    const pod = server.store.get('pods', { namespace, name: targetRef.name ?? '' }) as Stored<Pod> | undefined;
    if (pod !== undefined && pod.status?.podIP === ip) return portBackend(server, pod, scheme, String(candidate.port));
  }
  throw unavailable(scope.name);
}

const unavailable = (service: string) =>
  failures.serviceUnavailable(`no endpoints available for service ${JSON.stringify(service)}`);

/** The name of a Service's port by its number. @throws StatusError */
function namedPort({ metadata, spec }: Stored<Service>, port: number): string {
  const found = (spec.ports ?? []).find((one) => one.port === port);
  if (found !== undefined) return found.name ?? '';
  throw failures.serviceUnavailable(`no service port ${port} found for service ${JSON.stringify(metadata.name)}`);
}

function portBackend(
  server: ServerContext,
  { metadata: { namespace = '', name, uid }, spec, status }: Stored<Pod>,
  given: ProxyName['scheme'],
  port: string,
): PortBackend {
  const { podIP = '' } = status ?? {};
  if (podIP === '') throw failures.badRequest('address not allowed');
  const scheme = given === '' ? 'http' : given;
  const number = port === '' ? (scheme === 'https' ? 443 : 80) : Number(port);
  const address = `${podIP.includes(':') ? `[${podIP}]` : podIP}:${port === '' ? number : port}`;
  const unreachable = (why: string) => failures.serviceUnavailable(`error trying to reach service: dial tcp${why}`);
  return {
    type: 'port',
    scheme,
    address,
    connect: async () => {
      if (!Number.isInteger(number) || number < 0 || number > 65_535)
        throw unreachable(`: lookup tcp/${port}: unknown port`);
      const node = server.nodes.find(spec.nodeName ?? '');
      if (node === undefined) throw unreachable(` ${address}: connect: no route to host`);
      try {
        return await node.portForward({ namespace, pod: name, uid }, number);
      } catch (error) {
        // The node refuses if the Pod is gone, and the Pod's network if no process listens on the port.
        const why = error instanceof StatusError ? 'no route to host' : 'connection refused';
        throw unreachable(` ${address}: connect: ${why}`);
      }
    },
  };
}

/** Finds the backend of `nodes/NAME/proxy`: the node's kubelet. @throws StatusError like {@link podProxy}; ServiceUnavailable for another port */
export function nodeProxy(server: ServerContext, scope: RequestScope): KubeletBackend {
  const { name, port } = idOf(scope);
  const object = storedObject(server, { ...scope, name }) as {
    readonly status?: { readonly addresses?: readonly { readonly type: string; readonly address: string }[] };
  };
  const node = port === '' || port === kubeletPort ? server.nodes.find(name) : undefined;
  if (node === undefined) {
    const ip = object.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? name;
    const address = `${ip}:${port === '' ? kubeletPort : port}`;
    throw failures.serviceUnavailable(
      `error trying to reach service: dial tcp ${address}: connect: connection refused`,
    );
  }
  return {
    type: 'kubelet',
    node,
    pods: () =>
      server.store.list('pods', { index: { name: 'spec.nodeName', value: name } }).items as readonly Stored<Pod>[],
  };
}
