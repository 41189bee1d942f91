import type { Clock, Milliseconds } from '@orrery/core';
import type { HttpProbeRequest, HttpProbeResponse, PodNetwork } from '../../runtime.ts';
import { textOf } from '../files/tree.ts';
import type { Activity } from '../process/activity.ts';
import type { Kernel } from '../process/process.ts';
import type { HttpHandler, HttpRequest, HttpResponse } from './http.ts';
import { ConnectError, type SimNetwork } from './network.ts';
import type { Listener, NetworkNamespace } from './network-namespace.ts';
import { askOverBytes } from './raw-http.ts';

/** How the kubelet of a simulated node reaches Pods. Returns synchronously where the program does. */
export class SimPodNetwork implements PodNetwork {
  readonly #network: SimNetwork;
  readonly #node: NetworkNamespace;
  readonly #clock: Clock;
  readonly #activity: Activity;

  constructor(network: SimNetwork, node: NetworkNamespace, kernel: Kernel) {
    this.#network = network;
    this.#node = node;
    this.#clock = kernel.clock;
    this.#activity = kernel.activity;
  }

  httpGet(probe: HttpProbeRequest): HttpProbeResponse | Promise<HttpProbeResponse> {
    return this.#send(probe, this.#requestOf(probe));
  }

  /** Sends one and the same request, and asks for the way only when it may have changed. */
  prepareHttpGet(probe: HttpProbeRequest): () => HttpProbeResponse | Promise<HttpProbeResponse> {
    const { host, port, scheme } = probe;
    const request = this.#requestOf(probe);
    let listener: Listener | undefined;
    let handler: HttpHandler | undefined;
    return () => {
      if (handler === undefined || listener?.reachable !== true) {
        listener = this.#network.standing(this.#node, host, port);
        const { http, tls } = listener?.options ?? {};
        handler = (tls === undefined) === (scheme === 'http') ? http : undefined;
        if (handler === undefined) return this.#send(probe, request);
      }
      const answer = handler(request);
      return answer instanceof Promise
        ? this.#inTime(probe, listener?.guarded(answer) ?? answer)
        : probeResponse(answer);
    };
  }

  #requestOf({ path, headers }: HttpProbeRequest): HttpRequest {
    return { method: 'GET', path, headers, body: '', remoteAddress: this.#node.ip };
  }

  #send(probe: HttpProbeRequest, request: HttpRequest): HttpProbeResponse | Promise<HttpProbeResponse> {
    const { host, port } = probe;
    let listener: Listener;
    try {
      listener = this.#network.reach(this.#node, host, port);
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      if (error.reason === 'refused')
        throw new Error(`Get "${urlOf(probe)}": ${dial(host, port)}: connect: connection refused`);
      return this.#later(
        probe.timeout,
        `Get "${urlOf(probe)}": ${dial(host, port)}: i/o timeout (Client.Timeout exceeded while awaiting headers)`,
      );
    }
    const { options } = listener;
    if (options.tls !== undefined && probe.scheme === 'http') {
      return { status: 400, headers: {}, body: 'Client sent an HTTP request to an HTTPS server.\n' };
    }
    if (options.tls === undefined && probe.scheme === 'https') {
      throw new Error(`Get "${urlOf(probe)}": http: server gave HTTP response to HTTPS client`);
    }
    const answer =
      options.http === undefined
        ? askOverBytes(this.#network.open(this.#node, host, listener), request, `${host}:${port}`, probedBody)
        : listener.ask(request);
    return answer instanceof Promise ? this.#inTime(probe, answer) : probeResponse(answer);
  }

  #inTime(probe: HttpProbeRequest, answer: Promise<HttpResponse>): Promise<HttpProbeResponse> {
    const { host, port } = probe;
    return this.#within(
      answer.then(probeResponse, (error: unknown) => {
        if (error instanceof ConnectError) {
          throw new Error(
            `Get "${urlOf(probe)}": read tcp ${this.#node.ip}:0->${host}:${port}: read: connection reset by peer`,
          );
        }
        throw new Error(`Get "${urlOf(probe)}": EOF`);
      }),
      probe.timeout,
      `Get "${urlOf(probe)}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
    );
  }

  connect(host: string, port: number, timeout: Milliseconds): void | Promise<void> {
    try {
      this.#network.reach(this.#node, host, port);
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      if (error.reason === 'refused') throw new Error(`${dial(host, port)}: connect: connection refused`);
      return this.#later(timeout, `${dial(host, port)}: i/o timeout`);
    }
  }

  /** Asks for the way only when it may have changed. */
  prepareConnect(host: string, port: number, timeout: Milliseconds): () => void | Promise<void> {
    let listener: Listener | undefined;
    return () => {
      if (listener?.reachable === true) return undefined;
      listener = this.#network.standing(this.#node, host, port);
      return listener === undefined ? this.connect(host, port, timeout) : undefined;
    };
  }

  grpcHealth(host: string, port: number, service: string, timeout: Milliseconds): string | Promise<string> {
    let listener: Listener;
    try {
      listener = this.#network.reach(this.#node, host, port);
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      const message = `timeout: failed to connect service "${host}:${port}" within ${timeout / 1000}s: context deadline exceeded`;
      if (error.reason === 'timeout') return this.#later(timeout, message);
      throw new Error(message);
    }
    if (listener.options.grpcHealth === undefined) {
      throw new Error(
        'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): rpc error: code = Unimplemented',
      );
    }
    return listener.options.grpcHealth(service);
  }

  #later(timeout: Milliseconds, message: string): Promise<never> {
    return new Promise((_resolve, reject) => {
      this.#expire(timeout, reject, message);
    });
  }

  #expire(timeout: Milliseconds, reject: (error: Error) => void, message: string): Disposable {
    return this.#clock.schedule(timeout, () => {
      this.#activity.pulse();
      reject(new Error(message));
    });
  }

  #within<T>(promise: Promise<T>, timeout: Milliseconds, message: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.#expire(timeout, reject, message);
      promise.then(resolve, reject).finally(() => timer[Symbol.dispose]());
    });
  }
}

function dial(host: string, port: number): string {
  return `dial tcp ${host}:${port}`;
}

function urlOf({ scheme, host, port, path }: HttpProbeRequest): string {
  return `${scheme}://${host}:${port}${path.startsWith('/') ? path : `/${path}`}`;
}

/** Bytes of a body that a probe reads. */
const probedBody = 10_240;

function probeResponse(response: HttpResponse): HttpProbeResponse {
  const { body } = response;
  if (typeof body === 'string') return response as HttpProbeResponse;
  return { status: response.status, headers: response.headers, body: textOf(body.subarray(0, probedBody)) };
}
