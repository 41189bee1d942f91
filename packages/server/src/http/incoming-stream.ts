import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { ApiRequest, ApiRequestHeaders } from '../door/index.ts';

/** A request that arrived over a stream of HTTP/2, in the front door's form. Expensive parts are computed lazily. */
export class IncomingStream implements ApiRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: ApiRequestHeaders;
  readonly #stream: ServerHttp2Stream;
  #signal: AbortSignal | undefined;

  /** @param rawHeaders names and values as received, one after the other */
  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: readonly string[]) {
    this.method = headers[':method'] ?? 'GET';
    this.url = headers[':path'] ?? '/';
    this.headers = new StreamHeaders(headers, rawHeaders);
    this.#stream = stream;
  }

  get body(): AsyncIterable<Uint8Array> | null {
    // Leaving the loop must not reset the stream: the response would be lost.
    return this.#stream.endAfterHeaders ? null : this.#stream.iterator({ destroyOnReturn: false });
  }

  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      const controller = new AbortController();
      if (this.#stream.destroyed) controller.abort();
      else this.#stream.once('close', () => controller.abort());
      this.#signal = controller.signal;
    }
    return this.#signal;
  }
}

/** The headers of a request, with `host` for the pseudo-header that HTTP/2 has in its place. */
class StreamHeaders implements ApiRequestHeaders {
  readonly #headers: IncomingHttpHeaders;
  readonly #raw: readonly string[];

  constructor(headers: IncomingHttpHeaders, raw: readonly string[]) {
    this.#headers = headers;
    this.#raw = raw;
  }

  get(name: string): string | null {
    const value = this.#headers[name] ?? (name === 'host' ? this.#headers[':authority'] : undefined);
    if (value === undefined) return null;
    return typeof value === 'string' ? value : value.join(', ');
  }

  keys(): Iterable<string> {
    return new Set([...this.entries()].map(([name]) => name));
  }

  *entries(): Iterable<readonly [name: string, value: string]> {
    const host = this.#headers.host === undefined ? this.#headers[':authority'] : undefined;
    if (host !== undefined) yield ['host', host];
    for (let at = 0; at + 1 < this.#raw.length; at += 2) {
      const name = this.#raw[at] ?? '';
      if (!name.startsWith(':')) yield [name, this.#raw[at + 1] ?? ''];
    }
  }
}
