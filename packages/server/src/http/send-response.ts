import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { type ApiResponse, type BodyController, type BodySource, isSource } from '../door/index.ts';

/** Bodies longer than this are compressed for clients that accept it: 128 KiB, as in Kubernetes. */
const gzipFromBytes = 128 * 1024;

const compress = promisify(gzip);

/**
 * Sends a response over HTTP/1.1. Resolves when it has been sent, or has begun if it is streamed.
 * @param closing aborted when the server closes: streamed responses then end cleanly
 */
export async function sendResponse(
  request: IncomingMessage,
  response: ServerResponse,
  { status, statusText, headers: given, body }: ApiResponse,
  closing: AbortSignal,
): Promise<void> {
  const headers: OutgoingHttpHeaders = { ...(given as OutgoingHttpHeaders) };
  if (isSource(body)) {
    if (response.destroyed || request.method === 'HEAD') body.cancel();
    if (closing.aborted) headers.connection = 'close';
    writeHead(response, status, statusText, headers);
    if (request.method === 'HEAD') response.end();
    else if (!response.destroyed) stream(response, body, closing);
    return;
  }
  // The unread rest of a body would be parsed as the next request.
  const drains = status < 400 || request.complete || (await drained(request));
  const bytes = await packed(request, status, headers, body);
  if (response.destroyed) return;
  if (!drains || closing.aborted) headers.connection = 'close';
  if (status !== 304) headers['content-length'] = bytes?.length ?? 0;
  writeHead(response, status, statusText, headers);
  response.end(bytes);
}

function writeHead(
  response: ServerResponse,
  status: number,
  statusText: string | undefined,
  headers: OutgoingHttpHeaders,
): void {
  if (statusText === undefined) response.writeHead(status, headers);
  else response.writeHead(status, statusText, headers);
}

/** The body to send: compressed if that is worthwhile and the client accepts it, with the headers to match. */
async function packed(
  request: IncomingMessage,
  status: number,
  headers: OutgoingHttpHeaders,
  body: Uint8Array | undefined,
): Promise<Uint8Array | undefined> {
  if (body === undefined || body.length <= gzipFromBytes) return body;
  headers.vary = headers.vary === undefined ? 'Accept-Encoding' : `${headers.vary}, Accept-Encoding`;
  if (status !== 200 || !acceptsGzip(request)) return body;
  headers['content-encoding'] = 'gzip';
  // Level 1 costs a tenth of the default's time and gives most of its effect.
  return compress(body, { level: constants.Z_BEST_SPEED });
}

function acceptsGzip(request: IncomingMessage): boolean {
  return (request.headers['accept-encoding'] ?? '')
    .toString()
    .split(',')
    .some((coding) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(coding));
}

/** Bytes of a rejected body that are read and discarded. */
const maxDrainedBytes = 32 * 1024 * 1024;

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

function stream(response: ServerResponse, source: BodySource, closing: AbortSignal): void {
  const controller = new ResponseBody(response);
  const finish = () => {
    source.cancel();
    controller.close();
  };
  response.on('drain', () => {
    controller.drained();
    source.pull(controller);
  });
  response.on('close', () => {
    closing.removeEventListener('abort', finish);
    source.cancel();
  });
  if (source.openEnded) closing.addEventListener('abort', finish);
  // A client that waits for the first bytes needs the head at once.
  response.flushHeaders();
  source.start(controller);
  if (closing.aborted && source.openEnded) finish();
}

/** The controller of a streamed response body. */
class ResponseBody implements BodyController {
  readonly #response: ServerResponse;
  #blocked = false;
  #ended = false;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get desiredSize(): number | null {
    const { destroyed, writableHighWaterMark, writableLength } = this.#response;
    if (this.#ended || destroyed) return null;
    const room = writableHighWaterMark - writableLength;
    return this.#blocked ? Math.min(0, room) : Math.max(1, room);
  }

  enqueue(chunk: Uint8Array): void {
    this.#blocked = !this.#response.write(chunk);
  }

  drained(): void {
    this.#blocked = false;
  }

  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#response.end();
  }

  /** Only a broken connection shows the client that the response is incomplete. */
  error(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#response.destroy();
  }
}
