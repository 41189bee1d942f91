import { Ipv4Range, parseIpv4 } from '@orrery/api';

/** Hands out the addresses of a node's Pod range in turn, so that a freed one is used again as late as possible. */
export class AddressPool {
  readonly #range: Ipv4Range;
  readonly #used = new Set<number>();
  #next = 2;

  /** `10.244.1.0/24` @throws Error where it is no IPv4 range. */
  constructor(cidr: string) {
    const range = Ipv4Range.parse(cidr);
    if (range === undefined) throw new Error(`invalid Pod range ${JSON.stringify(cidr)}: write it like 10.244.1.0/24`);
    this.#range = range;
  }

  /** @throws Error when all are in use. */
  take(): string {
    const { size } = this.#range;
    // The first is the network's, the second the gateway's, the last for broadcasts.
    for (let tries = 0; tries < size - 3; tries++) {
      const offset = this.#next;
      this.#next = this.#next + 1 >= size - 1 ? 2 : this.#next + 1;
      if (this.#used.has(offset)) continue;
      this.#used.add(offset);
      return this.#range.at(offset);
    }
    throw new Error('failed to allocate for range 0: no IP addresses available in range set');
  }

  free(ip: string): void {
    this.#used.delete((parseIpv4(ip) ?? 0) - this.#range.first);
  }
}
