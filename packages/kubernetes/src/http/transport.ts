import { Buffer } from 'node:buffer';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { QualifiedResource } from '@orrery/api';
import type { Clock } from '@orrery/core';
import type { Dispatcher } from 'undici';
import type { ClientCertificate, Credentials, Proof } from '../credentials/credentials.ts';
import { KubeconfigError } from '../kubeconfig/kubeconfig.ts';
import { ConnectionError } from './connection-error.ts';
import { createDispatcher, type DispatcherOptions } from './dispatcher.ts';
import { refusalOf } from './refusal.ts';
import { waitAfterAnswer, waitAfterBreak } from './retry.ts';
import { warningTexts } from './warnings.ts';

/** One request to the API. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the server's URL: `/api/v1/pods?limit=500`. */
  readonly target: string;
  readonly headers?: { readonly [name: string]: string | string[] };
  readonly body?: string;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  /** Names the resource in errors that the server does not explain. */
  readonly resource: QualifiedResource;
  readonly name: string;
}

/** What a {@link Transport} needs. */
export interface TransportOptions extends DispatcherOptions {
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly userAgent: string;
  /** Receives the server's warnings. */
  warn(text: string): void;
}

/** Maximum time between two chunks of a response that is not a stream, in milliseconds. */
const bodyTimeout = 300_000;

const unzip = promisify(gunzip);

/** Sends requests to one server: credentials, connections, retries. */
export class Transport {
  /** `https://host:port`. */
  readonly server: string;
  readonly #options: TransportOptions;
  readonly #origin: string;
  /** The path prefix of the API, without the trailing slash. */
  readonly #base: string;
  #dispatcher: Dispatcher | undefined;
  /** The current one, and earlier ones with pending requests. */
  readonly #dispatchers = new Set<Dispatcher>();
  #certificate: ClientCertificate | undefined;
  #closed = false;

  constructor(options: TransportOptions) {
    this.#options = options;
    const url = new URL(options.cluster.server);
    this.server = options.cluster.server;
    this.#origin = url.origin;
    this.#base = url.pathname.replace(/\/+$/, '');
  }

  /** Returns the response body. @throws StatusError if the server refuses, ConnectionError if there is no complete response */
  async send(request: ApiRequest): Promise<string> {
    const answer = await this.#answer(request, bodyTimeout);
    return this.#whole(answer);
  }

  /** Streams the response body as it arrives. @throws like {@link send}, before the first byte */
  async stream(request: ApiRequest): Promise<AsyncIterable<Uint8Array>> {
    const { body } = await this.#answer(request, 0);
    return this.#chunks(body);
  }

  /** Fails everything that is pending with a ConnectionError, and closes the sockets. */
  async close(): Promise<void> {
    this.#closed = true;
    const closed = new ConnectionError(this.server, 'the connection was closed');
    await Promise.all([...this.#dispatchers].map((dispatcher) => dispatcher.destroy(closed)));
  }

  async #answer(request: ApiRequest, timeout: number): Promise<Dispatcher.ResponseData> {
    const { credentials, clock, warn } = this.#options;
    let renewed = false;
    for (let attempt = 0; ; attempt++) {
      const proof = await credentials.current();
      const answer = await this.#once(request, proof, timeout).catch(async (error: unknown) => {
        const wait = waitAfterBreak(request.method, error, attempt);
        if (wait === undefined || this.#closed) throw this.#connectionError(error, request.signal);
        await clock.sleep(wait, request.signal);
        return undefined;
      });
      if (answer === undefined) continue;
      const { statusCode, headers } = answer;
      for (const text of warningTexts(headers.warning)) warn(text);
      if (statusCode >= 200 && statusCode < 300) return answer;
      const body = await this.#whole(answer);
      // The server did nothing without valid credentials, so sending the request again with new ones is safe.
      const again: boolean = statusCode === 401 && credentials.refused(proof) && !renewed;
      renewed ||= again;
      const wait = again ? 0 : waitAfterAnswer(statusCode, headers, attempt);
      if (wait === undefined) throw refusalOf(statusCode, headers, body, request);
      await clock.sleep(wait, request.signal);
    }
  }

  #once(request: ApiRequest, proof: Proof, timeout: number): Promise<Dispatcher.ResponseData> {
    const { cluster, userAgent } = this.#options;
    const { authorization } = proof;
    const { method, target, body, contentType = 'application/json', headers, signal } = request;
    return this.#dispatcherFor(proof.certificate).request({
      origin: this.#origin,
      path: `${this.#base}${target}`,
      method,
      headers: {
        accept: 'application/json',
        'user-agent': userAgent,
        ...(timeout === 0 || cluster['disable-compression'] === true ? {} : { 'accept-encoding': 'gzip' }),
        ...(authorization === undefined ? {} : { authorization }),
        ...(body === undefined ? {} : { 'content-type': contentType }),
        ...headers,
      },
      bodyTimeout: timeout,
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** A client certificate belongs to a connection, so a new one needs new connections. Pending requests finish on the old ones. */
  #dispatcherFor(certificate: ClientCertificate | undefined): Dispatcher {
    if (this.#closed) throw new ConnectionError(this.server, 'the connection was closed');
    const known = this.#dispatcher;
    const { cert, key } = this.#certificate ?? {};
    if (known !== undefined && cert === certificate?.cert && key === certificate?.key) return known;
    // It closes when its last request has ended.
    if (known !== undefined) void known.close().then(() => this.#dispatchers.delete(known));
    const dispatcher = createDispatcher(this.#options, certificate);
    this.#certificate = certificate;
    this.#dispatcher = dispatcher;
    this.#dispatchers.add(dispatcher);
    return dispatcher;
  }

  async #whole({ body, headers }: Dispatcher.ResponseData): Promise<string> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.#chunks(body)) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    return (headers['content-encoding'] === 'gzip' ? await unzip(bytes) : bytes).toString();
  }

  async *#chunks(body: Dispatcher.ResponseData['body']): AsyncGenerator<Uint8Array> {
    try {
      yield* body as AsyncIterable<Uint8Array>;
    } catch (error) {
      throw this.#connectionError(error, undefined);
    }
  }

  #connectionError(error: unknown, signal: AbortSignal | undefined): unknown {
    if (error instanceof ConnectionError || error instanceof KubeconfigError || signal?.aborted === true) return error;
    const { cause } = error as { readonly cause?: unknown };
    const why = [error, cause].flatMap((one) => (one instanceof Error && one.message !== '' ? [one.message] : []));
    return new ConnectionError(this.server, why.join(': '), error);
  }
}
