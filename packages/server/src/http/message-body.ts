import type { IncomingMessage } from 'node:http';

/**
 * The body of a request, chunk by chunk. Leaving it early leaves the rest unread, at once and even while a chunk is waited for:
 * a client that sends nothing more holds nobody up.
 */
export class MessageBody implements AsyncIterableIterator<Uint8Array> {
  readonly #message: IncomingMessage;
  #left = false;
  #wake: () => void = ignore;

  constructor(message: IncomingMessage) {
    this.#message = message;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const message = this.#message;
    for (;;) {
      if (this.#left) return over;
      const chunk = message.read() as Buffer | null;
      if (chunk !== null) return { done: false, value: chunk };
      if (message.readableEnded) return over;
      if (message.destroyed) throw message.errored ?? new Error('the client is gone');
      await this.#change();
    }
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#left = true;
    this.#wake();
    return over;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        for (const name of changes) this.#message.off(name, this.#wake);
        resolve();
      };
      for (const name of changes) this.#message.on(name, this.#wake);
    });
  }
}

const changes = ['readable', 'end', 'error', 'close'] as const;
const over = { done: true, value: undefined } as const;
const ignore = () => undefined;
