import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { failures, type StatusError } from '@orrery/api';
import type { Clock } from '@orrery/core';
import type { Subscription } from 'rxjs';
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

/** A connection that ends without a response is an EOF in Go's client. */
export function unreachable(error: Error): StatusError {
  const why = (error as NodeJS.ErrnoException).code === 'ECONNRESET' ? 'EOF' : error.message;
  return failures.serviceUnavailable(`error trying to reach service: ${why}`);
}

/** A connection to a port of a Pod as a stream, for clients that expect a socket. */
class PortSocket extends Duplex {
  readonly #connection: PortConnection;
  readonly #subscription: Subscription;

  constructor(connection: PortConnection) {
    super();
    this.#connection = connection;
    this.#subscription = connection.data.subscribe({
      next: (chunk) => void this.push(chunk),
      error: (error: Error) => void this.destroy(error),
      complete: () => void this.push(null),
    });
  }

  // The network of a Pod has no back pressure.
  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#connection.sink.write(chunk);
    done();
  }

  override _final(done: () => void): void {
    this.#connection.sink.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#subscription.unsubscribe();
    this.#connection.close();
    done(error);
  }
}
