import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { ResponseChannel, ResponseHead } from './response-channel.ts';

/** Bytes of a rejected body that are read and discarded. */
const maxDrainedBytes = 32 * 1024 * 1024;

/** A response over HTTP/1.1. */
export class Http1Channel implements ResponseChannel {
  readonly body: ServerResponse;
  readonly #request: IncomingMessage;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.body = response;
  }

  get method(): string {
    return this.#request.method ?? 'GET';
  }

  get acceptEncoding(): string {
    return (this.#request.headers['accept-encoding'] ?? '').toString();
  }

  /** The unread rest of a body would be parsed as the next request. */
  async settle(status: number): Promise<boolean> {
    return status < 400 || this.#request.complete || (await drained(this.#request));
  }

  head({ status, statusText, headers: given, last }: ResponseHead, body: 'complete' | 'streamed' | 'none'): void {
    const headers = (last ? { ...given, connection: 'close' } : given) as OutgoingHttpHeaders;
    if (statusText === undefined) this.body.writeHead(status, headers);
    else this.body.writeHead(status, statusText, headers);
    // A client that waits for the first bytes needs the head at once.
    if (body === 'streamed') this.body.flushHeaders();
  }

  /** Only a broken connection shows it. */
  abort(): void {
    this.#request.socket.destroy();
  }
}

/** Discards the rest of a body: clients send all of it before they read the response. False if it is too long. */
async function drained(request: IncomingMessage): Promise<boolean> {
  if (request.destroyed || request.errored !== null) return false;
  let length = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxDrainedBytes) return false;
    }
  } catch {
    // The client is gone.
    return false;
  }
  return true;
}
