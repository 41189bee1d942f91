import type { BodyController, BodySource } from './api-response.ts';
import type { Exchange } from './exchange.ts';
import type { ListJson } from './list-json.ts';

/** A long list on its way to a client: each part is encoded when the client has room for it, and in a task of its own. */
export class ListBody implements BodySource {
  readonly openEnded = false;
  readonly compressible = true;
  readonly #exchange: Exchange;
  readonly #first: Uint8Array;
  readonly #rest: ListJson;
  #over = false;

  /** @param first the part that has been taken already */
  constructor(exchange: Exchange, first: Uint8Array, rest: ListJson) {
    this.#exchange = exchange;
    this.#first = first;
    this.#rest = rest;
  }

  start(controller: BodyController): void {
    controller.enqueue(this.#first);
  }

  pull(controller: BodyController): void {
    if (this.#over) return;
    try {
      controller.enqueue(this.#rest.take());
    } catch (error) {
      this.#over = true;
      this.#exchange.record('error', 'list broke off', error);
      controller.error(error);
      return;
    }
    if (!this.#rest.done) return;
    this.#over = true;
    controller.close();
  }

  cancel(): void {
    this.#over = true;
  }
}
