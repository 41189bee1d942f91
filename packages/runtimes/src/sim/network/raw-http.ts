import { bytesOf, textOf } from '../files/tree.ts';
import { joined } from '../process/pipe.ts';
import {
  type HttpHandler,
  type HttpHeader,
  type HttpRequest,
  type HttpResponse,
  headerOf,
  reasonPhrase,
} from './http.ts';
import type { Connection } from './network-namespace.ts';

interface Message {
  readonly start: string;
  readonly headers: readonly HttpHeader[];
  readonly body: Uint8Array;
}

/** Cuts HTTP/1.1 messages out of bytes as they come (RFC 9112). */
class MessageReader {
  #bytes = new Uint8Array();

  push(bytes: Uint8Array): void {
    this.#bytes = this.#bytes.length === 0 ? bytes.slice() : new Uint8Array(joined([this.#bytes, bytes]));
  }

  /** The next message, if it is complete. `ended` means that no bytes will follow. */
  next(ended: boolean, response: boolean): Message | undefined {
    const end = indexOfBlankLine(this.#bytes);
    if (end < 0) return undefined;
    const [start = '', ...lines] = textOf(this.#bytes.subarray(0, end)).split(/\r?\n/);
    const headers = lines.map((line) => {
      const colon = line.indexOf(':');
      return { name: line.slice(0, colon).trim(), value: line.slice(colon + 1).trim() };
    });
    const rest = this.#bytes.subarray(end + (this.#bytes[end] === 13 ? 4 : 2));
    const taken = takeBody(rest, headers, response, ended);
    if (taken === undefined) return undefined;
    this.#bytes = new Uint8Array(rest.subarray(taken.used));
    return { start, headers, body: taken.body };
  }
}

function indexOfBlankLine(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) {
    if (bytes[at + 1] === 10) return at;
    if (bytes[at + 1] === 13 && bytes[at + 2] === 10) return bytes[at - 1] === 13 ? at - 1 : at;
  }
  return -1;
}

function takeBody(
  bytes: Uint8Array,
  headers: readonly HttpHeader[],
  response: boolean,
  ended: boolean,
): { readonly body: Uint8Array; readonly used: number } | undefined {
  if (/\bchunked\b/i.test(headerOf(headers, 'Transfer-Encoding') ?? '')) return takeChunks(bytes);
  const length = headerOf(headers, 'Content-Length');
  if (length !== undefined) {
    const size = Number(length);
    return bytes.length < size ? undefined : { body: bytes.slice(0, size), used: size };
  }
  if (!response) return { body: new Uint8Array(), used: 0 };
  return ended ? { body: bytes.slice(), used: bytes.length } : undefined;
}

function takeChunks(bytes: Uint8Array): { readonly body: Uint8Array; readonly used: number } | undefined {
  const chunks: Uint8Array[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf(10, at);
    if (end < 0) return undefined;
    const size = Number.parseInt(textOf(bytes.subarray(at, end)), 16);
    if (Number.isNaN(size) || bytes.length < end + 1 + size + 2) return undefined;
    chunks.push(bytes.slice(end + 1, end + 1 + size));
    at = end + 1 + size + 2;
    if (size === 0) return { body: joined(chunks), used: at };
  }
}

/** Answers the requests that come as bytes over a connection, and says when it is over. */
export function serveBytes(connection: Connection, handler: HttpHandler, over: () => void): void {
  const reader = new MessageReader();
  const hangUp = () => {
    connection.outgoing.end();
    over();
  };
  let queue = Promise.resolve();
  let closing = false;
  const answer = async (message: Message): Promise<void> => {
    if (closing) return;
    const [method = '', path = '', version = ''] = message.start.split(' ');
    if (!version.startsWith('HTTP/') || !path.startsWith('/')) {
      closing = true;
      connection.outgoing.push(bytesOf('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'));
      return hangUp();
    }
    const { headers, body } = message;
    const request: HttpRequest = { method, path, headers, body, remoteAddress: connection.remoteAddress };
    const result = handler(request);
    const response = result instanceof Promise ? await result : result;
    const asked = headerOf(headers, 'Connection')?.toLowerCase();
    closing = asked === 'close' || (version === 'HTTP/1.0' && asked !== 'keep-alive');
    await writeResponse(connection, response, method === 'HEAD', closing);
    if (closing) hangUp();
  };
  const drain = (ended: boolean): void => {
    for (let message = reader.next(ended, false); message !== undefined; message = reader.next(ended, false)) {
      const next = message;
      // A failing handler closes the connection, as a crashing server would.
      queue = queue.then(() => answer(next)).catch(hangUp);
    }
  };
  connection.incoming.flow(
    (bytes) => {
      reader.push(bytes);
      drain(false);
    },
    () => {
      drain(true);
      queue = queue.then(hangUp);
    },
  );
}

async function writeResponse(
  connection: Connection,
  response: HttpResponse,
  head: boolean,
  closing: boolean,
): Promise<void> {
  const body = bytesOf(response.body);
  const { stream } = response;
  const lines = [`HTTP/1.1 ${response.status} ${reasonPhrase(response.status)}`];
  for (const [name, value] of Object.entries(response.headers)) lines.push(`${name}: ${value}`);
  if (stream !== undefined) lines.push('Transfer-Encoding: chunked');
  else if (!('Content-Length' in response.headers)) lines.push(`Content-Length: ${body.length}`);
  lines.push(`Connection: ${closing ? 'close' : 'keep-alive'}`);
  connection.outgoing.push(bytesOf(`${lines.join('\r\n')}\r\n\r\n`));
  if (head) return;
  if (stream === undefined) return connection.outgoing.push(body);
  const chunk = (bytes: Uint8Array) => {
    if (bytes.length === 0) return;
    connection.outgoing.push(joined([bytesOf(`${bytes.length.toString(16)}\r\n`), bytes, bytesOf('\r\n')]));
  };
  chunk(body);
  await new Promise<void>((resolve, reject) => stream.subscribe({ next: chunk, complete: resolve, error: reject }));
  connection.outgoing.push(bytesOf('0\r\n\r\n'));
}

/** A request as bytes. */
function encodeRequest(request: HttpRequest, host: string): Uint8Array {
  const body = bytesOf(request.body);
  const lines = [`${request.method} ${request.path} HTTP/1.1`];
  if (headerOf(request.headers, 'Host') === undefined) lines.push(`Host: ${host}`);
  for (const { name, value } of request.headers) lines.push(`${name}: ${value}`);
  if (body.length > 0) lines.push(`Content-Length: ${body.length}`);
  lines.push('Connection: close');
  return joined([bytesOf(`${lines.join('\r\n')}\r\n\r\n`), body]);
}

/** Sends a request over a raw connection and waits for the answer. @throws Error when it is no HTTP */
export function askOverBytes(connection: Connection, request: HttpRequest, host: string): Promise<HttpResponse> {
  const reader = new MessageReader();
  return new Promise((resolve, reject) => {
    const take = (ended: boolean): boolean => {
      const message = reader.next(ended, true);
      if (message === undefined) return false;
      const headers: Record<string, string> = {};
      for (const { name, value } of message.headers) headers[name] = value;
      resolve({ status: Number(message.start.split(' ')[1]), headers, body: message.body });
      connection.outgoing.end();
      return true;
    };
    connection.incoming.flow(
      (bytes) => {
        reader.push(bytes);
        take(false);
      },
      () => {
        if (!take(true)) reject(new Error('Empty reply from server'));
      },
    );
    connection.outgoing.push(encodeRequest(request, host));
  });
}
