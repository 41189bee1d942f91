import { Duplex } from 'node:stream';
import type { Subscription } from 'rxjs';
import type { PortConnection } from '../../node-api.ts';

/** A connection to a port of a Pod as a stream, for clients that expect a socket. */
export class PortSocket extends Duplex {
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

  // Bytes come when they come: the network of a Pod knows no back pressure.
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
