/** Bytes that wait for one slow client before it is cut off: the output of a log or a command cannot be held back. */
export const maxPendingBytes = 64 * 1024 * 1024;

/** Bytes that wait for all slow clients together. */
const maxPendingInAll = 256 * 1024 * 1024;

/**
 * The bytes that wait for clients which read slowly or not at all. When they are too many, a client with more than its part is cut
 * off as soon as more would wait for it. Accounting takes constant time.
 */
export class PendingBudget {
  readonly #perClient: number;
  readonly #inAll: number;
  readonly #held = new Map<object, number>();
  #total = 0;

  constructor(perClient: number, inAll: number) {
    this.#perClient = perClient;
    this.#inAll = inAll;
  }

  /** Bytes that wait for all clients. */
  get total(): number {
    return this.#total;
  }

  /** Takes note of how many bytes wait for a client now; returns whether it must be cut off. */
  exceeds(client: object, bytes: number): boolean {
    this.#total += bytes - (this.#held.get(client) ?? 0);
    if (bytes <= 0) this.#held.delete(client);
    else this.#held.set(client, bytes);
    return bytes > this.#perClient || (this.#total > this.#inAll && bytes >= this.#inAll / this.#held.size);
  }

  /** Nothing waits for the client any more. */
  release(client: object): void {
    this.exceeds(client, 0);
  }
}

/** The budget of this process, whose memory all servers share. */
export const pendingOutput = new PendingBudget(maxPendingBytes, maxPendingInAll);
