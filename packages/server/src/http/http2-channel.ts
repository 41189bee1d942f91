import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { ApiResponseHeaders } from '../door/index.ts';
import type { ResponseChannel, ResponseHead } from './response-channel.ts';

/** A response over a stream of HTTP/2. */
export class Http2Channel implements ResponseChannel {
  readonly method: string;
  readonly acceptEncoding: string;
  readonly body: ServerHttp2Stream;

  constructor(stream: ServerHttp2Stream, method: string, acceptEncoding: string) {
    this.body = stream;
    this.method = method;
    this.acceptEncoding = acceptEncoding;
  }

  /** The unread rest of a body concerns no other request: the client is asked not to send it (RFC 9113 section 8.1). */
  async settle(): Promise<boolean> {
    const stream = this.body;
    if (!stream.endAfterHeaders && !stream.readableEnded) {
      stream.once('finish', () => stream.close(constants.NGHTTP2_NO_ERROR));
    }
    return true;
  }

  head({ status, headers }: ResponseHead, body: 'complete' | 'streamed' | 'none'): void {
    this.body.respond({ ...http2Headers(headers), ':status': validStatus(status) }, { endStream: body === 'none' });
  }

  abort(): void {
    this.body.close(constants.NGHTTP2_INTERNAL_ERROR);
  }
}

/** A Pod behind a proxy can answer with a status that HTTP/2 does not carry. */
function validStatus(status: number): number {
  return status >= 200 && status <= 599 ? status : 502;
}

/** Headers that describe a connection of HTTP/1.1; HTTP/2 forbids them (RFC 9113 section 8.2.2). */
const ofConnections: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/** Headers whose values cannot be joined. */
const repeated: ReadonlySet<string> = new Set(['set-cookie', 'warning']);

function http2Headers(headers: ApiResponseHeaders): OutgoingHttpHeaders {
  const out: OutgoingHttpHeaders = {};
  for (const name in headers) {
    if (ofConnections.has(name)) continue;
    const value = headers[name] as string | readonly string[];
    out[name] = typeof value === 'string' || repeated.has(name) ? (value as string | string[]) : value.join(', ');
  }
  return out;
}
