/** Hands out the addresses of a node's Pod range in turn, so that a freed one is used again as late as possible. */
export class AddressPool {
  readonly #base: number;
  readonly #size: number;
  readonly #used = new Set<number>();
  #next = 2;

  /** `10.244.1.0/24` @throws Error where it is no IPv4 range. */
  constructor(cidr: string) {
    const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr);
    if (match === null) throw new Error(`invalid Pod range ${JSON.stringify(cidr)}: write it like 10.244.1.0/24`);
    const bytes = match.slice(1, 5).map(Number);
    this.#base = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    this.#size = 2 ** (32 - Number(match[5]));
  }

  /** @throws Error when all are in use. */
  take(): string {
    // The first is the network's, the second the gateway's, the last for broadcasts.
    for (let tries = 0; tries < this.#size - 3; tries++) {
      const offset = this.#next;
      this.#next = this.#next + 1 >= this.#size - 1 ? 2 : this.#next + 1;
      if (this.#used.has(offset)) continue;
      this.#used.add(offset);
      return this.#text(offset);
    }
    throw new Error('failed to allocate for range 0: no IP addresses available in range set');
  }

  free(ip: string): void {
    const value = ip.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
    this.#used.delete(value - this.#base);
  }

  #text(offset: number): string {
    const value = this.#base + offset;
    return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
  }
}
