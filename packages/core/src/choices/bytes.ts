/** Bytes that grow. Integers are of seven bits a byte, the lowest first; texts are UTF-8 after their length. */
export class ByteWriter {
  #bytes = new Uint8Array(64);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** What has been written, as it is now. */
  copy(): Uint8Array {
    return this.#bytes.slice(0, this.#size);
  }

  byte(byte: number): void {
    if (this.#size === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#size++] = byte;
  }

  integer(integer: number): void {
    let left = integer;
    for (; left > 0x7f; left = Math.floor(left / 0x80)) this.byte((left % 0x80) | 0x80);
    this.byte(left);
  }

  text(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.integer(bytes.length);
    this.bytes(bytes);
  }

  bytes(bytes: Uint8Array): void {
    if (this.#size + bytes.length > this.#bytes.length) this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#size);
    this.#size += bytes.length;
  }

  #grow(by: number): void {
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#size + by));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Reads what a {@link ByteWriter} wrote. Every reading @throws RangeError where there is nothing of the sort. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new RangeError('the bytes end too early');
    return byte;
  }

  integer(): number {
    let integer = 0;
    for (let factor = 1; factor <= 2 ** 49; factor *= 0x80) {
      const byte = this.byte();
      integer += (byte & 0x7f) * factor;
      if (byte < 0x80) return integer;
    }
    throw new RangeError('an integer is too large');
  }

  text(): string {
    return new TextDecoder('utf-8', { ignoreBOM: true, fatal: true }).decode(this.#take(this.integer()));
  }

  /** All that has not been read. */
  rest(): Uint8Array {
    return this.#take(this.#bytes.length - this.#at);
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError('the bytes end too early');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
