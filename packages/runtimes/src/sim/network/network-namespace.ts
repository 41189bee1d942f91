import { Pipe } from '../process/pipe.ts';
import type { HttpHandler, HttpRequest, HttpResponse } from './http.ts';

/** One side's view of a byte connection. */
export interface Connection {
  /** Bytes from the other side. */
  readonly incoming: Pipe;
  /** Bytes to the other side. */
  readonly outgoing: Pipe;
  readonly remoteAddress: string;
}

/** What a program offers at a port: one of HTTP with values and raw bytes, and perhaps gRPC health. */
export interface ServiceOptions {
  readonly port: number;
  /** Address to listen on; default all, `127.0.0.1` for the Pod itself only. */
  readonly address?: string;
  readonly http?: HttpHandler;
  /** Wraps a response of {@link http} that is not immediate. */
  readonly guard?: (answer: Promise<HttpResponse>) => Promise<HttpResponse>;
  /** Accepts a new connection; bytes flow through its pipes. */
  readonly connection?: (connection: Connection) => void;
  /** Answers gRPC health v1 `Check`: `SERVING`, `NOT_SERVING`, `UNKNOWN`, `SERVICE_UNKNOWN`. */
  readonly grpcHealth?: (service: string) => string;
  /** Speaks TLS, with a certificate signed by this authority (PEM). */
  readonly tls?: { readonly certificateAuthority: string };
}

/** A port in use. */
export class Listener implements Disposable {
  readonly options: ServiceOptions;
  /** False once the port is closed, or the Pod has lost its address. */
  reachable = true;
  readonly #namespace: NetworkNamespace;
  readonly #open = new Set<Connection>();

  constructor(options: ServiceOptions, namespace: NetworkNamespace) {
    this.options = options;
    this.#namespace = namespace;
  }

  /** True when only the Pod itself may connect. */
  get local(): boolean {
    return this.options.address === '127.0.0.1' || this.options.address === 'localhost';
  }

  /** What the program answers. @throws TypeError if it does not speak HTTP. */
  ask(request: HttpRequest): HttpResponse | Promise<HttpResponse> {
    const { http } = this.options;
    if (http === undefined) throw new TypeError(`port ${this.options.port} does not speak HTTP`);
    const answer = http(request);
    return answer instanceof Promise ? this.guarded(answer) : answer;
  }

  /** A deferred response, while the program is alive. */
  guarded(answer: Promise<HttpResponse>): Promise<HttpResponse> {
    return this.options.guard?.(answer) ?? answer;
  }

  /** Closes the connection when the listener ends; returns a function that cancels this. */
  hold(connection: Connection): () => void {
    this.#open.add(connection);
    return () => this.#open.delete(connection);
  }

  [Symbol.dispose](): void {
    this.#namespace.release(this);
    for (const connection of this.#open) connection.outgoing.end();
  }
}

/** Whether a node and its Pods are reached by others, and reach them. */
export interface Link {
  up: boolean;
}

/** Addresses and ports shared by the containers of one Pod (network_namespaces(7)), or by a node. */
export class NetworkNamespace {
  /** `''` once the Pod has lost its address. */
  ip: string;
  /** The node's connection to the rest of the cluster. */
  readonly link: Link;
  /** By port. */
  readonly listeners = new Map<number, Listener>();

  constructor(ip: string, link: Link = { up: true }) {
    this.ip = ip;
    this.link = link;
  }

  /** @throws Error `Address already in use` */
  listen(options: ServiceOptions): Listener {
    let { port } = options;
    if (port === 0) for (port = 32_768; this.listeners.has(port); ) port++;
    if (this.listeners.has(port)) throw new Error('Address already in use');
    const listener = new Listener({ ...options, port }, this);
    this.listeners.set(port, listener);
    return listener;
  }

  release(listener: Listener): void {
    listener.reachable = false;
    if (this.listeners.get(listener.options.port) === listener) this.listeners.delete(listener.options.port);
  }
}

/** Both sides of a new connection. */
export function newConnection(
  clientAddress: string,
  serverAddress: string,
): { readonly client: Connection; readonly server: Connection } {
  const up = new Pipe();
  const down = new Pipe();
  return {
    client: { incoming: down, outgoing: up, remoteAddress: serverAddress },
    server: { incoming: up, outgoing: down, remoteAddress: clientAddress },
  };
}
