import { failures, type StatusError } from '@orrery/api';

/** How many bytes of request bodies a front door holds at once. */
export interface UploadLimits {
  /** Of one client's requests. */
  readonly perClient: number;
  /** Of all clients' requests together. */
  readonly total: number;
}

/** Room for five of the largest bodies of one client, and for as many of eight such clients. */
export const defaultUploadLimits: UploadLimits = { perClient: 16 * 1024 * 1024, total: 128 * 1024 * 1024 };

/** Seconds after which a client should try again: what holds the bytes now is decoded long before. */
const retryAfterSeconds = 1;

/**
 * The bytes of request bodies in flight, charged as they arrive: a client that announces a body and sends none of it holds
 * nothing. Charged until the request is answered, since what is decoded from a body lives as long.
 */
export class Uploads {
  readonly #limits: UploadLimits;
  readonly #byClient = new Map<string, number>();
  #total = 0;

  constructor(limits: UploadLimits) {
    this.#limits = limits;
  }

  /** Bytes in flight, of one client or of all. */
  held(client?: string): number {
    return client === undefined ? this.#total : (this.#byClient.get(client) ?? 0);
  }

  /** Charges bytes that have arrived. @throws StatusError TooManyRequests; then nothing is charged */
  charge(client: string, bytes: number): void {
    const held = this.held(client) + bytes;
    if (held > this.#limits.perClient) throw tooMany();
    if (this.#total + bytes > this.#limits.total) throw tooMany();
    this.#byClient.set(client, held);
    this.#total += bytes;
  }

  /** Gives back what was charged. */
  release(client: string, bytes: number): void {
    this.#total -= bytes;
    const held = this.held(client) - bytes;
    if (held > 0) this.#byClient.set(client, held);
    else this.#byClient.delete(client);
  }
}

function tooMany(): StatusError {
  return failures.tooManyRequests('Too many requests, please try again later.', retryAfterSeconds);
}
