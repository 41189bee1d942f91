import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * The requests of each connection of HTTP/1.1, whose client may send several before it reads the first response (RFC 9112 section
 * 9.3.2). They are answered one after another, so that a connection holds one response at a time.
 */
export class Pipelines {
  readonly #last = new WeakMap<Socket, ServerResponse>();

  /** Whether a response is still to be sent on the connection. */
  isBusy(socket: Socket): boolean {
    const last = this.#last.get(socket);
    return last !== undefined && !last.closed;
  }

  /** Calls `answer` as soon as all earlier requests of the connection have been answered. */
  next({ socket }: IncomingMessage, response: ServerResponse, answer: () => void): void {
    const earlier = this.#last.get(socket);
    const waits = earlier !== undefined && !earlier.closed;
    this.#last.set(socket, response);
    // While the parser reads from the TLS connection directly, a pause for a slow client breaks it: it is fed once more. A
    // listener makes it read through the socket.
    if ((waits || socket.writableNeedDrain) && socket.listenerCount('data', ignore) === 0) socket.on('data', ignore);
    if (waits) earlier.once('close', answer);
    else answer();
  }
}

const ignore = () => undefined;
