import type { NetworkEndpoint, ServiceNames, ServiceNetwork, ServiceRoutes } from '../../machines.ts';
import type { HttpHandler } from './http.ts';
import {
  type Connection,
  type Listener,
  NetworkNamespace,
  newConnection,
  type ServiceOptions,
} from './network-namespace.ts';
import { Parts } from './parts.ts';
import { serveBytes } from './raw-http.ts';

/** Why no connection came about, in the words of Linux. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  readonly reason: 'refused' | 'timeout' | 'reset';

  constructor(reason: ConnectError['reason']) {
    super(
      reason === 'refused'
        ? 'Connection refused'
        : reason === 'timeout'
          ? 'Connection timed out'
          : 'Connection reset by peer',
    );
    this.reason = reason;
  }
}

/** Addresses that stand for others: cluster IPs of Services, node ports, host ports. */
class Routes implements ServiceRoutes {
  readonly #routes = new Map<string, Map<number, { readonly endpoints: Parts<NetworkEndpoint>; next: number }>>();

  /** No endpoints: connections are refused. */
  set(ip: string, port: number, endpoints: readonly NetworkEndpoint[], part = ''): void {
    let ports = this.#routes.get(ip);
    if (ports === undefined) {
      ports = new Map();
      this.#routes.set(ip, ports);
    }
    let route = ports.get(port);
    if (route === undefined) {
      route = { endpoints: new Parts(), next: 0 };
      ports.set(port, route);
    }
    route.endpoints.set(part, endpoints);
    route.next = 0;
    if (route.endpoints.isEmpty) this.delete(ip, port);
  }

  delete(ip: string, port: number): void {
    const ports = this.#routes.get(ip);
    ports?.delete(port);
    if (ports?.size === 0) this.#routes.delete(ip);
  }

  /** True when the address is known, so that a missing port is refused immediately. */
  has(ip: string): boolean {
    return this.#routes.has(ip);
  }

  /** The next endpoint in turn; `none` where the route has no endpoints; undefined where there is no route. */
  next(ip: string, port: number): NetworkEndpoint | 'none' | undefined {
    const route = this.#routes.get(ip)?.get(port);
    if (route === undefined) return undefined;
    return route.endpoints.at(route.next++) ?? 'none';
  }
}

/** Names and their addresses, as the cluster's DNS answers. Names are stored in full: `web.default.svc.cluster.local`. */
class Names implements ServiceNames {
  readonly #addresses = new Map<string, Parts<string>>();

  set(name: string, ips: readonly string[], part = ''): void {
    const key = name.toLowerCase();
    let addresses = this.#addresses.get(key);
    if (addresses === undefined) {
      addresses = new Parts();
      this.#addresses.set(key, addresses);
    }
    addresses.set(part, ips);
    if (addresses.isEmpty) this.delete(name);
  }

  delete(name: string): void {
    this.#addresses.delete(name.toLowerCase());
  }

  resolve(name: string): readonly string[] | undefined {
    return this.#addresses.get(name.toLowerCase().replace(/\.$/, ''))?.distinct();
  }
}

/** The network of a simulated cluster: every node and every Pod has an address in it. Nothing here becomes real traffic. */
export class SimNetwork implements ServiceNetwork {
  /** By IP. */
  readonly hosts = new Map<string, NetworkNamespace>();
  readonly routes = new Routes();
  readonly names = new Names();

  /** Gives an address to a node, a Pod or a server from outside; the same again is the same. */
  join(ip: string): NetworkNamespace {
    let host = this.hosts.get(ip);
    if (host === undefined) {
      host = new NetworkNamespace(ip);
      this.hosts.set(ip, host);
    }
    return host;
  }

  /** Releases the namespace's address; its listeners become unreachable. */
  leave(namespace: NetworkNamespace): void {
    if (this.hosts.get(namespace.ip) === namespace) this.hosts.delete(namespace.ip);
    namespace.ip = '';
    for (const listener of namespace.listeners.values()) listener.reachable = false;
  }

  /** Serves HTTP at an address of its own, outside any Pod: the API server. Disposing ends it. */
  serve(ip: string, port: number, http: HttpHandler, options: Pick<ServiceOptions, 'tls'> = {}): Listener {
    return this.join(ip).listen({ ...options, port, http });
  }

  /** The listener at an address on the same node, while it is reachable; undefined where it may change. */
  standing(from: NetworkNamespace, ip: string, port: number): Listener | undefined {
    const host = this.hosts.get(ip);
    const listener = host?.link === from.link ? host.listeners.get(port) : undefined;
    return listener?.reachable === true && !listener.local ? listener : undefined;
  }

  /** Who answers at an address, seen from `from`. @throws ConnectError */
  reach(from: NetworkNamespace | undefined, ip: string, port: number): Listener {
    if (isLoopback(ip)) {
      const listener = from?.listeners.get(port);
      if (listener === undefined) throw new ConnectError('refused');
      return listener;
    }
    const host = this.hosts.get(ip);
    if (host !== undefined && host.link !== from?.link && !(host.link.up && (from?.link.up ?? true))) {
      throw new ConnectError('timeout');
    }
    const listener = host?.listeners.get(port);
    if (listener !== undefined && (!listener.local || host === from)) return listener;
    const endpoint = this.routes.next(ip, port);
    if (endpoint !== undefined && endpoint !== 'none') return this.reach(from, endpoint.ip, endpoint.port);
    throw new ConnectError(host !== undefined || endpoint === 'none' || this.routes.has(ip) ? 'refused' : 'timeout');
  }

  /** A byte connection, to a raw listener or (parsed on the way) to an HTTP one. @throws ConnectError */
  connect(from: NetworkNamespace | undefined, ip: string, port: number): Connection {
    return this.open(from, ip, this.reach(from, ip, port));
  }

  /** A byte connection to a listener that was reached at an address. */
  open(from: NetworkNamespace | undefined, ip: string, listener: Listener): Connection {
    const { client, server } = newConnection(isLoopback(ip) ? '127.0.0.1' : from?.ip || '127.0.0.1', ip);
    const { options } = listener;
    if (options.connection !== undefined) options.connection(server);
    else if (options.http !== undefined) serveBytes(server, (request) => listener.ask(request), listener.hold(server));
    return client;
  }
}

function isLoopback(ip: string): boolean {
  return ip.startsWith('127.') || ip === '::1';
}
