/** Who holds memory of the host. */
export interface MemoryHolder {
  /** Bytes. */
  readonly held: number;
  /** The kernel's out-of-memory killer has chosen it. */
  killForMemory(): void;
}

/** Bytes that a process costs beside what its program holds: 2,300 of the real heap for a server's worker, 5,000 for a shell's child. */
export const processCost = 4096;

/**
 * What all simulated machines hold of the one real heap that they share. Beyond its limit, whoever holds most is killed, as by the
 * out-of-memory killer of Linux.
 */
export class HostMemory {
  /** Bytes. */
  readonly limit: number;
  #used = 0;
  readonly #holders = new Set<MemoryHolder>();

  constructor(limit: number) {
    this.limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** Whether there is room for `bytes` more. */
  hasRoom(bytes: number): boolean {
    return this.#used + bytes <= this.limit;
  }

  /** Counts bytes of a holder, whose `held` has them already; negative ones are freed. */
  count(holder: MemoryHolder, bytes: number): void {
    this.#used += bytes;
    if (holder.held > processCost) this.#holders.add(holder);
    else this.#holders.delete(holder);
    while (this.#used > this.limit) {
      const victim = this.#worst();
      if (victim === undefined) return;
      // A victim that is not gone at once is not chosen again.
      this.#holders.delete(victim);
      victim.killForMemory();
    }
  }

  #worst(): MemoryHolder | undefined {
    let worst: MemoryHolder | undefined;
    for (const holder of this.#holders) if (worst === undefined || holder.held > worst.held) worst = holder;
    return worst;
  }
}
