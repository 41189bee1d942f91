import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { IncomingStream } from './incoming-stream.ts';
import type { ResponseChannel } from './response-channel.ts';

/** What {@link Http2Sessions} does with each request. */
export type AnswerStream = (request: IncomingStream, channel: ResponseChannel, socket: TLSSocket) => void;

/** Requests that a client may have open on one connection at a time, as in Kubernetes (`--http2-max-streams-per-connection`). */
const maxConcurrentStreams = 100;

/** Bytes of a request's body that a client may send before they are read, as in Kubernetes. */
const bodyWindow = 256 * 1024;

/** Milliseconds after which a connection without requests is closed. */
const idleTimeout = 120_000;

/** Milliseconds that a client may leave a response unread before its stream is reset. */
export const unreadMs = 60_000;

/** Limits of one connection. Node and nghttp2 bound what a hostile client repeats: resets of streams, settings, pings. */
const options = {
  settings: {
    enablePush: false,
    initialWindowSize: bodyWindow,
    maxConcurrentStreams,
    // As over HTTP/1.1.
    maxHeaderListSize: 64 * 1024,
  },
  maxHeaderListPairs: 256,
};

/** The connections over which clients speak HTTP/2. */
export class Http2Sessions {
  readonly #answer: AnswerStream;
  readonly #sessions = new Set<ServerHttp2Session>();

  constructor(answer: AnswerStream) {
    this.#answer = answer;
  }

  /** Speaks HTTP/2 on a connection from here on. */
  async accept(socket: TLSSocket): Promise<void> {
    // A server that starts does not wait for what only its first such client needs.
    const [{ constants, performServerHandshake }, { Http2Channel }] = await Promise.all([
      import('node:http2'),
      import('./http2-channel.ts'),
    ]);
    if (socket.destroyed) return;
    const session = performServerHandshake(socket, options);
    this.#sessions.add(session);
    session.setLocalWindowSize(maxConcurrentStreams * bodyWindow);
    let open = 0;
    session.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags, rawHeaders) => {
      open++;
      stream.on('close', () => open--);
      // A client that disconnects midway is not an error.
      stream.on('error', ignore);
      stream.setTimeout(unreadMs, () => {
        if (stream.writableLength > 0) stream.close(constants.NGHTTP2_CANCEL);
      });
      const request = new IncomingStream(stream, headers, rawHeaders as unknown as readonly string[]);
      const channel = new Http2Channel(stream, request.method, request.headers.get('accept-encoding') ?? '');
      this.#answer(request, channel, socket);
    });
    session.setTimeout(idleTimeout, () => {
      if (open === 0) session.close();
      else if (socket.writableLength > 0) session.destroy();
    });
    session.on('error', ignore);
    session.on('close', () => this.#sessions.delete(session));
  }

  /** Lets open requests finish and accepts no others (GOAWAY). Resolves when all connections are closed. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#sessions, (session) => new Promise<void>((resolve) => session.close(resolve))));
  }

  /** Closes all connections, whatever is open on them. */
  destroy(): void {
    for (const session of this.#sessions) session.destroy();
  }
}

const ignore = () => undefined;
