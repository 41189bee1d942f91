import { bytesOf } from '../files/tree.ts';
import { joined } from '../process/pipe.ts';
import { type HttpHandler, type HttpRequest, type HttpResponse, headerOf, reasonPhrase } from './http.ts';
import { type Message, MessageError, MessageReader } from './message-reader.ts';
import type { Connection } from './network-namespace.ts';

/** Answers the requests that come as bytes over a connection, and says when it is over. */
export function serveBytes(connection: Connection, handler: HttpHandler, over: () => void): void {
  const reader = new MessageReader(false);
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
      return refuse(400);
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
  const refuse = (status: number): void => {
    closing = true;
    const line = `HTTP/1.1 ${status} ${reasonPhrase(status)}`;
    connection.outgoing.push(bytesOf(`${line}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`));
    connection.incoming.abandon();
    hangUp();
  };
  const drain = (ended: boolean): void => {
    try {
      for (let message = reader.next(ended); message !== undefined; message = reader.next(ended)) {
        const next = message;
        // A failing handler closes the connection, as a crashing server would.
        queue = queue.then(() => answer(next)).catch(hangUp);
      }
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      if (!closing) refuse(error.status);
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

/**
 * Sends a request over a raw connection and waits for the answer. `enough`: bytes of the body after which the rest is not waited for.
 * @throws Error when it is no HTTP, or too large
 */
export function askOverBytes(
  connection: Connection,
  request: HttpRequest,
  host: string,
  enough?: number,
): Promise<HttpResponse> {
  const reader = new MessageReader(true, enough);
  return new Promise((resolve, reject) => {
    let over = false;
    const hangUp = (): void => {
      over = true;
      connection.outgoing.end();
      connection.incoming.abandon();
    };
    const take = (ended: boolean): void => {
      if (over) return;
      try {
        const message = reader.next(ended);
        if (message === undefined && !ended) return;
        hangUp();
        if (message === undefined) reject(new Error('Empty reply from server'));
        else resolve(responseOf(message));
      } catch (error) {
        hangUp();
        reject(error);
      }
    };
    connection.incoming.flow(
      (bytes) => {
        if (over) return;
        reader.push(bytes);
        take(false);
      },
      () => take(true),
    );
    connection.outgoing.push(encodeRequest(request, host));
  });
}

function responseOf({ start, headers: list, body }: Message): HttpResponse {
  const headers: Record<string, string> = {};
  for (const { name, value } of list) headers[name] = value;
  return { status: Number(start.split(' ')[1]), headers, body };
}
