import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import type { ServedApi } from './served-api.fixture.ts';

/** A complete response. */
export interface Answer {
  readonly code: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into documents of every shape.
  readonly json: any;
}

/** The parts of a request besides method and path. */
export interface Sent {
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
  readonly cert?: string;
  readonly key?: string;
}

const agent = new Agent({ keepAlive: true });

/** Sends a request and waits for the head of its response. */
export function start(server: ServedApi, method: string, path: string, sent: Sent = {}): Promise<IncomingMessage> {
  const chunked = sent.headers?.['transfer-encoding'] !== undefined;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${server.url}${path}`,
      {
        method,
        ca: server.authority.authority.certificate,
        agent,
        headers: {
          // Node does not set the length of a DELETE's body by itself.
          ...(sent.body === undefined || chunked ? {} : { 'content-length': Buffer.byteLength(sent.body) }),
          ...sent.headers,
        },
        ...(sent.cert === undefined ? {} : { cert: sent.cert, key: sent.key }),
      },
      resolve,
    );
    outgoing.on('error', reject);
    outgoing.end(sent.body);
  });
}

/** Sends a request and waits for its complete response. */
export async function ask(server: ServedApi, method: string, path: string, sent: Sent = {}): Promise<Answer> {
  const response = await start(server, method, path, sent);
  const body = Buffer.concat(await Array.fromAsync(response as AsyncIterable<Buffer>));
  const isJson = (response.headers['content-type'] ?? '').startsWith('application/json');
  return {
    code: response.statusCode ?? 0,
    headers: response.headers,
    body,
    json:
      isJson && body.length > 0 && response.headers['content-encoding'] === undefined
        ? JSON.parse(body.toString())
        : undefined,
  };
}

/** The lines of a response, as they arrive. */
export async function* lines(response: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of response as AsyncIterable<Buffer>) {
    rest += chunk.toString();
    const parts = rest.split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
}
