import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ApiRequest, ApiRequestHeaders } from '../door/index.ts';
import { MessageBody } from './message-body.ts';

/** A request that arrived over a socket, in the front door's form. Expensive parts are computed lazily. */
export class IncomingRequest implements ApiRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: ApiRequestHeaders;
  readonly #message: IncomingMessage;
  readonly #client: ServerResponse | Duplex;
  #signal: AbortSignal | undefined;

  /** @param client closes when the client has its response, or is gone */
  constructor(message: IncomingMessage, client: ServerResponse | Duplex) {
    this.method = message.method ?? 'GET';
    this.url = message.url ?? '/';
    this.headers = new IncomingHeaders(message);
    this.#message = message;
    this.#client = client;
  }

  get body(): AsyncIterable<Uint8Array> | null {
    const { headers } = this.#message;
    if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) return null;
    return new MessageBody(this.#message);
  }

  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      const controller = new AbortController();
      if (this.#client.destroyed) controller.abort();
      else this.#client.once('close', () => controller.abort());
      this.#signal = controller.signal;
    }
    return this.#signal;
  }
}

class IncomingHeaders implements ApiRequestHeaders {
  readonly #message: IncomingMessage;
  readonly #headers: IncomingHttpHeaders;

  constructor(message: IncomingMessage) {
    this.#message = message;
    this.#headers = message.headers;
  }

  get(name: string): string | null {
    const value = this.#headers[name];
    if (value === undefined) return null;
    return typeof value === 'string' ? value : value.join(', ');
  }

  keys(): Iterable<string> {
    return Object.keys(this.#headers);
  }

  *entries(): Iterable<readonly [name: string, value: string]> {
    const { rawHeaders } = this.#message;
    for (let at = 0; at + 1 < rawHeaders.length; at += 2) yield [rawHeaders[at] ?? '', rawHeaders[at + 1] ?? ''];
  }
}
