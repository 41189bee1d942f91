import { parseIpv4 } from '@orrery/api';
import type { Work } from '@orrery/core';
import type { HttpRequest, HttpResponse } from '../http.ts';
import type { NetworkEndpoint, ServiceNames, ServiceNetwork, ServiceRoutes } from '../machines.ts';

/** A server at a port. */
export interface SmallServer {
  readonly answer: (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;
  /** PEM of the authority that clients must trust; without it, the server speaks plain HTTP. */
  readonly authority?: string;
}

/** A client with its resolver's configuration. */
export interface SmallClient {
  readonly ip: string;
  readonly nameservers: readonly string[];
  readonly searches: readonly string[];
  /** PEM of the authority that it trusts. */
  readonly authority?: string;
}

/**
 * A network of three tables: servers, routes and names. Nothing in it is synchronous: each change and each request takes a turn
 * of its own.
 */
export class SmallNetwork implements ServiceNetwork {
  readonly #work: Work;
  readonly #nameservers: readonly string[];
  readonly #servers = new Map<string, SmallServer>();
  /** By address, then by part. */
  readonly #routes = new Map<string, Map<string, readonly NetworkEndpoint[]>>();
  readonly #names = new Map<string, Map<string, readonly string[]>>();
  #requests = 0;

  constructor(work: Work, nameservers: readonly string[]) {
    this.#work = work;
    this.#nameservers = nameservers;
  }

  readonly routes: ServiceRoutes = {
    set: (ip, port, endpoints, part = '') =>
      this.#change(() => setPart(this.#routes, `${ip}:${port}`, part, endpoints)),
    delete: (ip, port) => this.#change(() => this.#routes.delete(`${ip}:${port}`)),
  };

  readonly names: ServiceNames = {
    set: (name, ips, part = '') => this.#change(() => setPart(this.#names, name, part, ips)),
    delete: (name) => this.#change(() => this.#names.delete(name)),
  };

  async #change(change: () => void): Promise<void> {
    await this.#work.turn('small network');
    change();
  }

  /** Serves at a port of an address until the result is disposed. */
  serve(ip: string, port: number, server: SmallServer): Disposable {
    const place = `${ip}:${port}`;
    this.#servers.set(place, server);
    return {
      [Symbol.dispose]: () => {
        if (this.#servers.get(place) === server) this.#servers.delete(place);
      },
    };
  }

  /** Requests a URL. @throws Error if the server does not respond */
  async request(client: SmallClient, text: string, more: Partial<HttpRequest> = {}): Promise<HttpResponse> {
    await this.#work.turn('small network');
    const url = new URL(text);
    const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
    const server = this.#server(this.#address(client, url.hostname), port);
    if ((url.protocol === 'https:') !== (server.authority !== undefined)) throw new Error(`${text}: wrong protocol`);
    if (server.authority !== client.authority) throw new Error(`${text}: unknown authority`);
    return server.answer({
      method: 'GET',
      path: `${url.pathname}${url.search}`,
      headers: [],
      body: '',
      remoteAddress: client.ip,
      ...more,
    });
  }

  #address({ nameservers, searches }: SmallClient, host: string): string {
    if (parseIpv4(host) !== undefined) return host;
    if (nameservers.some((server) => this.#nameservers.includes(server))) {
      for (const name of [...searches.map((domain) => `${host}.${domain}`), host]) {
        const [ip] = [...(this.#names.get(name)?.values() ?? [])].flat();
        if (ip !== undefined) return ip;
      }
    }
    throw new Error(`bad address '${host}'`);
  }

  #server(ip: string, port: number): SmallServer {
    const endpoints = [...(this.#routes.get(`${ip}:${port}`)?.values() ?? [])].flat();
    const to = endpoints[this.#requests++ % endpoints.length] ?? { ip, port };
    const server = this.#servers.get(`${to.ip}:${to.port}`);
    if (server === undefined) throw new Error(`dial tcp ${ip}:${port}: connect: connection refused`);
    return server;
  }
}

function setPart<T>(all: Map<string, Map<string, readonly T[]>>, key: string, part: string, items: readonly T[]): void {
  const parts = new Map(all.get(key)).set(part, items);
  if (items.length === 0 && part !== '') parts.delete(part);
  if (parts.size === 0) all.delete(key);
  else all.set(key, parts);
}
