import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { ResponseChannel, ResponseHead } from './response-channel.ts';

/** Bytes of a rejected body that are read and discarded. */
const maxDrainedBytes = 32 * 1024 * 1024;

/** Milliseconds that a client has to send a rejected body to its end. */
const drainMs = 10_000;

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

  /**
   * The unread rest of a body would be parsed as the next request. It is discarded while the client reads the response: many
   * clients read only after they have sent all of it, and some never do.
   */
  async settle(status: number): Promise<boolean> {
    const request = this.#request;
    if (status < 400 || request.complete) return true;
    if (request.destroyed || Number(request.headers['content-length'] ?? 0) > maxDrainedBytes) return false;
    discard(request);
    return true;
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

/** Discards the rest of a body. The connection is broken off if that is too long, or takes too long. */
function discard(request: IncomingMessage): void {
  const { socket } = request;
  const timer = setTimeout(() => socket.destroy(), drainMs).unref();
  request.once('close', () => clearTimeout(timer));
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > maxDrainedBytes) socket.destroy();
  });
}
