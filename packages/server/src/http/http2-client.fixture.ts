import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { Answer } from './https-client.fixture.ts';
import type { ServedApi } from './served-api.fixture.ts';

/** A connection that speaks HTTP/2. */
export interface Http2Client {
  readonly session: ClientHttp2Session;
  /** Sends a request and waits for the head of its response. */
  start(headers: OutgoingHttpHeaders, body?: string | Uint8Array): Promise<Started>;
  /** Sends a request and waits for its complete response. */
  ask(headers: OutgoingHttpHeaders, body?: string | Uint8Array): Promise<Answer>;
}

/** A response that has begun. */
interface Started {
  readonly headers: IncomingHttpHeaders;
  readonly stream: ClientHttp2Stream;
}

/** Connects with HTTP/2 alone. */
export async function connectHttp2(
  server: ServedApi,
  client: { readonly cert?: string; readonly key?: string } = {},
): Promise<Http2Client> {
  const session = connect(server.url, { ca: server.authority.authority.certificate, ...client });
  await new Promise<void>((resolve, reject) => {
    session.once('connect', () => resolve());
    session.once('error', reject);
  });
  session.on('error', () => undefined);
  const start = (headers: OutgoingHttpHeaders, body?: string | Uint8Array) =>
    new Promise<Started>((resolve, reject) => {
      const stream = session.request(headers, { endStream: body === undefined });
      stream.once('response', (answered) => resolve({ headers: answered, stream }));
      stream.on('error', reject);
      if (body !== undefined) stream.end(body);
    });
  return {
    session,
    start,
    ask: async (headers, body) => {
      const { headers: answered, stream } = await start(headers, body);
      const bytes = Buffer.concat(await Array.fromAsync(stream as AsyncIterable<Buffer>));
      const { ':status': status, ...rest } = answered as IncomingHttpHeaders & { ':status'?: number };
      const code = status ?? 0;
      const isJson = (rest['content-type'] ?? '').startsWith('application/json');
      const readable = isJson && bytes.length > 0 && rest['content-encoding'] === undefined;
      return { code, headers: rest, body: bytes, json: readable ? JSON.parse(bytes.toString()) : undefined };
    },
  };
}

/** The lines of a stream, as they arrive. */
export async function* linesOf(stream: ClientHttp2Stream): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    rest += chunk.toString();
    const parts = rest.split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
}
