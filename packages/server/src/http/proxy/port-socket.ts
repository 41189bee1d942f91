import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { failures, type StatusError } from '@orrery/api';
import type { Clock } from '@orrery/core';
import { Subscription } from 'rxjs';
import { maxPendingBytes } from '../../door/pending-bytes.ts';
import type { PortConnection } from '../../node-api.ts';
import type { PortBackend } from '../../subresources/proxy.ts';

/** Timeout of a TLS handshake with a backend in milliseconds, as in Go's client. */
const handshakeMs = 10_000;

/** Connects to a port of a Pod, over TLS if the scheme is https. @throws StatusError ServiceUnavailable */
export async function connectToPort(clock: Clock, { scheme, connect }: PortBackend): Promise<Duplex> {
  const socket = new PortSocket(await connect());
  if (scheme === 'http') return socket;
  // The certificates of Pods cannot be verified.
  const secured = connectTls({ socket, rejectUnauthorized: false });
  secured.on('error', ignore);
  const timer = clock.schedule(handshakeMs, () => {
    secured.destroy(new Error('net/http: TLS handshake timeout'));
  });
  return new Promise((resolve, reject) => {
    secured.once('secureConnect', () => {
      timer[Symbol.dispose]();
      resolve(secured);
    });
    secured.once('error', (error) => {
      timer[Symbol.dispose]();
      reject(unreachable(error));
    });
  });
}

const ignore = () => undefined;

/** A connection that ends without a response is an EOF in Go's client. */
export function unreachable(error: Error): StatusError {
  const why = (error as NodeJS.ErrnoException).code === 'ECONNRESET' ? 'EOF' : error.message;
  return failures.serviceUnavailable(`error trying to reach service: ${why}`);
}

/** A connection to a port of a Pod as a stream, for clients that expect a socket. */
class PortSocket extends Duplex {
  readonly #connection: PortConnection;
  readonly #subscription = new Subscription();

  constructor(connection: PortConnection) {
    super();
    this.#connection = connection;
    // For life: it may fail while nobody uses it.
    this.on('error', ignore);
    this.#subscription.add(
      connection.data.subscribe({
        next: (chunk) => {
          this.push(chunk);
          if (this.readableLength > maxPendingBytes) this.destroy(new Error('the client does not read'));
        },
        error: (error: Error) => void this.destroy(error),
        complete: () => void this.push(null),
      }),
    );
  }

  // The network of a Pod has no back pressure: who reads too slowly is cut off.
  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    done(failureOf(() => this.#connection.sink.write(chunk)));
  }

  override _final(done: (error?: Error | null) => void): void {
    done(failureOf(() => this.#connection.sink.end()));
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#subscription.unsubscribe();
    const failure = failureOf(() => this.#connection.close());
    done(error ?? failure);
  }
}

/** A failure of the Pod's side is the stream's, and nobody else's. */
function failureOf(task: () => void): Error | null {
  try {
    task();
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error), { cause: error });
  }
}
